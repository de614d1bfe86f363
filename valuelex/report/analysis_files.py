"""The files of `valuelex efa`: one table a file, so that SPSS, R and a spreadsheet can read each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.analysis import AUTO, Analysis, analyse
from valuelex.psychometrics.data_files import read_data
from valuelex.psychometrics.exploratory import scores
from valuelex.psychometrics.exploratory.presets import PRESETS
from valuelex.psychometrics.extraction import METHODS
from valuelex.psychometrics.rotation import rotate as rotation
from valuelex.tables.files import replace_file


def run_efa(
    data: str | Path,
    factors: str,
    *,
    n_obs: int | None,
    columns: str | None,
    out: str | Path | None,
    export: bool,
    as_text: bool,
    target: str | Path | None,
    **options: Any,
) -> str:
    """Read a file, analyse it, write what `out` and `export` ask for; return what the command line prints.

    Arguments are those of `valuelex efa`, as text; `options` go to `analyse`.
    """
    if export and out is None:
        raise SettingError("--export needs a folder.", "Give --out DIR.")
    _known(options)
    if n_obs is not None and options["correlation"] != "pearson":
        raise SettingError(
            f"--correlation {options['correlation']} needs raw data, and --n-obs says that DATA is a matrix.",
            "Leave one of them out.",
        )
    if out is not None and n_obs is None and options["scores"] is None:
        options["scores"] = "regression"
    k: int | str = int(factors) if factors.lstrip("-").isdigit() else factors
    if isinstance(k, str) and k != AUTO:
        raise SettingError(f"--factors {k!r} is neither a number nor 'auto'.", "Give one of them.")
    wanted = None if columns is None else [name.strip() for name in columns.split(",") if name.strip()]
    frame = read_data(data, columns=wanted, matrix=n_obs is not None)
    first = frame.iloc[:, 0].astype(str)
    if n_obs is None and list(first) == [str(name) for name in frame.columns[1:]]:
        raise DataError(
            f"{data} looks like a correlation matrix, but --n-obs is not given.",
            "Give --n-obs, the number of cases behind it.",
        )
    if target is not None:
        options["target"] = read_target(target, [str(name) for name in frame.columns])
    analysis = analyse(frame, k, n_obs=n_obs, **options)
    if out is not None:
        written = write_analysis(analysis, out)
        if export:
            from valuelex.psychometrics.handover.scripts import export as hand_over

            written += hand_over(analysis, Path(out) / "export")
        if as_text:
            return f"{analysis.summary()}\n\nWrote {len(written)} files to {out}; open {Path(out) / 'report.html'}."
    return analysis.summary() if as_text else as_json(analysis)


def _known(options: dict[str, Any]) -> None:
    """Refuse a wrong option before a file is read."""
    allowed = {
        "method": METHODS,
        "rotation": rotation.METHODS,
        "correlation": checks.CORRELATIONS,
        "missing": checks.MISSING,
        "mimic": tuple(PRESETS),
        "scores": scores.METHODS,
        "smooth": checks.SMOOTHING,
    }
    for name, values in allowed.items():
        if options.get(name) is not None:
            checks.choice(options[name], values, name)


def read_target(path: str | Path, names: list[str]) -> pd.DataFrame:
    """Read a target pattern: a first column of variable names (in any order), then one column per factor."""
    frame = read_data(path)
    first = frame.iloc[:, 0]
    if not pd.api.types.is_numeric_dtype(first):
        frame = frame.iloc[:, 1:].set_axis(pd.Index(first.astype(str)), axis=0)
        absent = [name for name in names if name not in frame.index]
        if absent:
            raise DataError(f"{path} has no row for {', '.join(absent[:8])}.", "Give one row per variable.")
        frame = frame.loc[names]
    return frame


def write_analysis(analysis: Analysis, folder: str | Path) -> list[Path]:
    """Write loadings.csv, structure.csv, ..., settings.json and report.html to `folder`; return the files written.

    Each file is written to a temporary name and then renamed: a stopped run leaves whole files.

    Raises
    ------
    DataError
        The folder cannot be made.
    """
    from valuelex.report.factoring import render_analysis

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be made ({error.strerror}).", "Give another --out.") from error
    written = []
    for name, table in tables(analysis).items():
        named = not isinstance(table.index, pd.RangeIndex) or table.index.name is not None
        content = table.to_csv(index=named, lineterminator="\n").encode()
        written.append(_put(folder / f"{name}.csv", content))
    for name, document in documents(analysis).items():
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        written.append(_put(folder / f"{name}.json", text.encode()))
    written.append(_put(folder / "report.html", render_analysis(analysis).encode()))
    return written


def tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file; rows are variables in the order of the data, columns F1..Fk."""
    efa = analysis.efa
    found = {
        "loadings": _named(efa.loadings, "variable"),
        "structure": _named(efa.structure, "variable"),
        "factor_correlations": _named(efa.phi, "factor"),
        "communalities": pd.DataFrame(
            {
                "variable": efa.loadings.index,
                "h2": efa.communalities.to_numpy(),
                "u2": efa.uniquenesses.to_numpy(),
                "complexity": efa.complexity.to_numpy(),
            }
        ),
        "variance": _named(efa.variance, "factor"),
        "residuals": _named(efa.residuals, "variable"),
        "retention": analysis.retention.to_frame(),
        "screening": analysis.screening.findings,
        "flags": efa.flags,
        "minima": efa.minima,
    }
    if analysis.bootstrap is not None:
        found["bootstrap"] = analysis.bootstrap.to_frame()
    if analysis.scores is not None:
        found["scores"] = _named(analysis.scores, "case")
    return found


def documents(analysis: Analysis) -> dict[str, Any]:
    """Every JSON document by the name of its file; a number that is not defined is null."""
    efa, screening = analysis.efa, analysis.screening
    bartlett = screening.bartlett
    fit = dict(efa.fit)
    adequacy = {
        "kmo": screening.kmo,
        "msa": screening.msa.to_dict(),
        "bartlett": None if bartlett is None else {"chi2": bartlett.chi2, "df": bartlett.df, "p": bartlett.p},
        "determinant": screening.determinant,
        "factorable": screening.factorable,
        "reasons": list(screening.reasons),
    }
    reliability = {str(row.pop("scale")): row for row in analysis.reliability.to_dict("records")}
    documents = {
        "fit": fit,
        "adequacy": adequacy,
        "reliability": reliability,
        "settings": {
            **analysis.settings,
            "convergence": efa.convergence,
            "heywood": list(efa.heywood),
            "messages": list(analysis.messages),
        },
    }
    if analysis.scores is not None:
        method = str(analysis.settings["scores"])
        documents["determinacy"] = {
            "method": method,
            "factors": efa.determinacy(method).to_dict("index"),
            "score_correlations": efa.score_correlations(method).to_dict("index"),
        }
    return {name: plain(document) for name, document in documents.items()}


def as_json(analysis: Analysis) -> str:
    """The lot as one JSON object: every document and every table (a list of rows) under the name of its file."""
    found: dict[str, Any] = documents(analysis)
    for name, table in tables(analysis).items():
        named = not isinstance(table.index, pd.RangeIndex) or table.index.name is not None
        rows = table.reset_index() if named else table
        found[name] = plain(rows.to_dict("records"))
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """Turn numpy scalars and arrays, tuples and undefined numbers into what JSON knows."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _named(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.rename_axis(index=name)


def _put(path: Path, content: bytes) -> Path:
    replace_file(path, content)
    return path
