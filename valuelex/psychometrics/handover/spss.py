"""The solution as SPSS syntax (FACTOR), and what SPSS has no counterpart for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.handover.recipes import Recipe

EXTRACTION = {"minres": "ULS", "ml": "ML", "paf": "PAF", "alpha": "ALPHA", "image": "IMAGE", "pca": "PC"}
ROTATION = {"none": "NOROTATE", "varimax": "VARIMAX", "quartimax": "QUARTIMAX", "equamax": "EQUAMAX"}
CONVERGENCE = 1e-3  # SPSS's own rule
RESERVED = {"ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH"}
PER_LINE = 8


def spss(result: EFAResult) -> Recipe:
    """Return FACTOR syntax for the same conventions; a method or rotation that SPSS lacks gives a reason instead."""
    s, spec = result.settings, result.spec
    method = str(s["method"])
    if s.get("missing_fit") == "full information":
        return Recipe(reason="SPSS FACTOR has no full-information maximum likelihood.")
    if method not in EXTRACTION:
        return Recipe(reason=f"SPSS FACTOR has no extraction that equals method='{method}'.")
    rotation = "NOROTATE" if result.n_factors == 1 else _rotation(result)
    if not rotation:
        kind = "oblique " if spec.oblique and spec.method in ROTATION else ""
        return Recipe(reason=f"SPSS FACTOR has no {kind}rotation that equals '{spec.method}'.")
    if spec.normalize == "cureton-mulaik":
        return Recipe(reason="SPSS FACTOR has no Cureton-Mulaik weights.")
    notes = []
    if spec.method == "promax" and not (spec.promax_target == "normalized" and spec.normalize == "varimax"):
        notes.append(
            "SPSS's promax takes the power of unit-length rows; this solution does not (mimic='spss' does), so that "
            "loadings differ by a few hundredths."
        )
    elif spec.method in ("oblimin", "quartimin", "quartimax", "equamax") and not spec.normalize:
        notes.append("NOKAISER: this solution does not weight the rows; SPSS's default would.")
    if method in ("paf", "alpha") and (s["tolerance"] != CONVERGENCE or s.get("stop") == "sum"):
        notes.append(
            "SPSS stops when no communality moves by more than ECONVERGE; with other stopping rules loadings may differ "
            "in the third decimal."
        )
    if method == "minres":
        notes.append(
            "ULS and minres are the same criterion; SPSS bounds uniquenesses otherwise, which Heywood cases show."
        )
    tolerance = max(float(s["tolerance"]), 1e-6)
    kaiser = "KAISER" if spec.normalize else "NOKAISER"
    steps = min(int(s["max_iter"]), 999)
    delta = f" DELTA({spec.gamma:g})" if rotation == "OBLIMIN" else ""
    commands = [
        "/PRINT INITIAL KMO EXTRACTION ROTATION",
        "/FORMAT SORT",
        f"/CRITERIA FACTORS({result.n_factors}) ITERATE({steps}) ECONVERGE({tolerance:.6f})",
        f"/EXTRACTION {EXTRACTION[method]}",
        f"/CRITERIA ITERATE(250) RCONVERGE(.000001) {kaiser}{delta}",
        f"/ROTATION {rotation}",
    ]
    raw = result.source.X is not None and s["correlation"] == "pearson" and s["missing"] != "fiml"
    head = _data(result) if raw else _matrix(result)
    if raw:
        missing = "PAIRWISE" if s["missing"] == "pairwise" else "LISTWISE"
        names = _lines(spss_names(result.loadings.index), 4)
        start = ["FACTOR", f"  /VARIABLES\n{names}", f"  /MISSING {missing}"]
        commands.append("/METHOD=CORRELATION")
    else:
        start = ["FACTOR", "  /MATRIX=IN(COR=*)"]
    return Recipe(head + "\n".join([*start, *(f"  {c}" for c in commands)]) + ".\n", tuple(notes))


def spss_names(variables: Iterable[object]) -> list[str]:
    """Return the names of `variables` if SPSS accepts all of them as they are, else v1, v2, ...

    An SPSS name begins with a letter, has letters, digits, _ . @ # $ (64 bytes at most), no dot or underscore at its end, and
    is unique without regard to case.
    """
    names = [str(name) for name in variables]
    fine = re.compile(r"[A-Za-z@][A-Za-z0-9_.@#$]{0,63}")
    good = all(fine.fullmatch(n) and n[-1] not in "._" and n.upper() not in RESERVED for n in names)
    if good and len({name.upper() for name in names}) == len(names):
        return names
    return [f"v{i + 1}" for i in range(len(names))]


def _rotation(result: EFAResult) -> str:
    spec = result.spec
    if spec.method in ROTATION and not spec.oblique:
        return ROTATION[spec.method]
    if spec.method in ("oblimin", "quartimin") and spec.oblique and spec.gamma <= 0.8:
        return "OBLIMIN"
    if spec.method == "promax":
        return f"PROMAX({spec.power:g})"
    return ""


def _data(result: EFAResult) -> str:
    X = np.asarray(result.source.X)
    names = spss_names(result.loadings.index)
    whole = [bool(np.equal(np.mod(column[~np.isnan(column)], 1), 0).all()) for column in X.T]
    formats = "\n".join(f"    {n} {'F8.0' if w else 'F20.10'}" for n, w in zip(names, whole, strict=True))
    return (
        "* Encoding: UTF-8.\n"
        "* Open this file from the folder that holds data.csv (CD 'folder'. before it, if SPSS does not find the file).\n"
        "GET DATA\n  /TYPE=TXT\n  /FILE='data.csv'\n  /ENCODING='UTF8'\n  /ARRANGEMENT=DELIMITED\n  /DELCASE=LINE\n"
        '  /DELIMITERS=","\n  /QUALIFIER=\'"\'\n  /FIRSTCASE=2\n'
        f"  /VARIABLES=\n{formats}.\n{_labels(names, result.loadings.index)}"
    )


def _matrix(result: EFAResult) -> str:
    R, n = result.correlations.to_numpy(), result.source.n_obs
    names = spss_names(result.loadings.index)
    rows = "\n".join(
        " ".join(f"{r:.10f}" for r in part) for j, row in enumerate(R) for part in _parts(list(row[: j + 1]), PER_LINE)
    )
    return (
        "* Encoding: UTF-8.\n"
        f"* Correlations ({result.settings.get('correlation', 'given as a matrix')}) computed elsewhere.\n"
        f"MATRIX DATA VARIABLES=\n{_lines(names, 4)}\n  /FORMAT=FREE LOWER DIAGONAL\n  /N={n}\n  /CONTENTS=SD CORR.\n"
        f"BEGIN DATA\n{_lines(['1'] * len(names), 0)}\n{rows}\nEND DATA.\n{_labels(names, result.loadings.index)}"
    )


def _labels(names: Sequence[str], variables: Iterable[object]) -> str:
    said = [str(name) for name in variables]
    if list(names) == said:
        return ""
    # A label is text between apostrophes: an apostrophe is doubled, a line break would end the command.
    told = [" ".join(label.split())[:120].replace("'", "''") for label in said]
    return "VARIABLE LABELS\n" + "\n".join(f"  {n} '{t}'" for n, t in zip(names, told, strict=True)) + ".\n"


def _lines(words: Sequence[str], indent: int) -> str:
    return "\n".join(" " * indent + " ".join(part) for part in _parts(words, PER_LINE))


def _parts(items: Sequence[Any], size: int) -> list[list[Any]]:
    return [list(items[i : i + size]) for i in range(0, len(items), size)]
