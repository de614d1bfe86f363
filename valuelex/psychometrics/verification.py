"""Recomputing reference numbers of other programs on this machine: `valuelex verify`.

instruments/reference/verify.json holds correlation matrices, what to compute from them, what R programs found, and how
far ours may be off; tests/reference/make_verify.py makes it from the R outputs in tests/reference.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex import resources
from valuelex.errors import DataError
from valuelex.psychometrics import alignment, checks
from valuelex.psychometrics.exploratory.efa import efa
from valuelex.psychometrics.reliability.coefficient_omega import omega
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention.average_partial import map_test
from valuelex.psychometrics.rotation.rotate import rotate
from valuelex.psychometrics.screening.adequacy import bartlett, kmo

SEED = 1


@dataclass(frozen=True, eq=False)
class VerificationResult(Result):
    """`frame` has one row per number: what, source, reference, recomputed, difference, tolerance, ok.

    For a matrix (loadings, uniquenesses) reference and recomputed are empty and the difference is the largest of its
    cells, factors matched.
    """

    frame: pd.DataFrame
    settings: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Whether every number is within its tolerance."""
        return bool(self.frame["ok"].all())

    def to_frame(self) -> pd.DataFrame:
        """One row per number."""
        return self.frame.copy()

    def _headline(self) -> str:
        return f"{int(self.frame['ok'].sum())} of {len(self.frame)} reference numbers recomputed within tolerance."

    def summary(self) -> str:
        """Return the table and the verdict as text."""
        rows = []
        for row in self.frame.to_dict("records"):
            both = ("" if pd.isna(row[key]) else f"{row[key]:.8g}" for key in ("reference", "recomputed"))
            rows.append(
                [row["what"], row["source"], *both, f"{row['difference']:.1e}", f"{row['tolerance']:.0e}", row["ok"]]
            )
        heads = ["number", "source", "reference", "recomputed", "difference", "tolerance", "ok"]
        table = pd.DataFrame(rows, columns=heads)
        table["ok"] = table["ok"].map({True: "yes", False: "MISSED"})
        return f"{table.to_string(index=False)}\n\n{self._headline()}"


def verify() -> VerificationResult:
    """Recompute every reference number.

    Raises
    ------
    DataError
        The file of reference numbers is missing or broken.
    """
    try:
        held = json.loads(resources.find("reference", "verify.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"The reference numbers cannot be read: {error}.", "Install valuelex again.") from error
    done: dict[str, Any] = {}
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", checks.PsychometricsWarning)  # Heywood cases are among the references
        for check in held["checks"]:
            key = json.dumps(check["call"], sort_keys=True)
            if key not in done:
                done[key] = _compute(check["call"], held["inputs"])
            rows.append(_row(check, done[key]))
    return VerificationResult(pd.DataFrame(rows), {"seed": SEED, "file": "instruments/reference/verify.json"})


def _compute(call: dict[str, Any], inputs: dict[str, Any]) -> Any:
    options = {key: value for key, value in call.items() if key not in ("do", "data", "k")}
    held = inputs[call["data"]]
    data = pd.DataFrame(held["matrix"])
    if call["do"] == "rotate":
        return rotate(data, seed=SEED, **options)
    data = data.set_axis(held["names"], axis=0).set_axis(held["names"], axis=1)
    if call["do"] == "efa":
        return efa(data, call["k"], n_obs=held["n"], seed=SEED, **options)
    if call["do"] == "omega":
        return omega(data, call["k"], n_obs=held["n"], seed=SEED, **options)
    functions: dict[str, Any] = {"kmo": kmo, "bartlett": bartlett, "map_test": map_test}
    return functions[call["do"]](data, n_obs=held["n"])


def _row(check: dict[str, Any], found: Any) -> dict[str, Any]:
    value: Any = found
    for part in check["take"].split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    reference = recomputed = np.nan
    if isinstance(check["value"], list):
        want, got = np.array(check["value"], dtype=float), np.asarray(value, dtype=float)
        if want.ndim == 2:
            order, signs = alignment.match(got, want)
            got = got[:, order] * signs
        difference = float(np.abs(got - want).max())
    else:
        reference, recomputed = float(check["value"]), float(value)
        difference = abs(recomputed - reference)
    return {
        "what": check["what"],
        "source": check["source"],
        "reference": reference,
        "recomputed": recomputed,
        "difference": difference,
        "tolerance": check["tolerance"],
        "ok": difference <= check["tolerance"],
    }
