"""`cross_check`: the same analysis by other programs, and the largest differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import SettingError
from valuelex.psychometrics import alignment, checks
from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.handover.engines import ENGINES, Outcome
from valuelex.psychometrics.results import Result

QUANTITIES = ("loadings", "phi", "communalities", "uniquenesses", "chi2", "rmsea")


@dataclass(frozen=True, eq=False)
class CrossCheckResult(Result):
    """Largest absolute differences between a solution and other programs' solutions.

    `frame` has one row per engine: engine, version, status ("ran", or why not), the largest absolute difference of
    loadings, phi, communalities and uniquenesses, the difference of chi2 (in percent of it) and rmsea, and a note on
    conventions that differ. What cannot be compared is NaN. Factors are matched and reflected before.
    """

    frame: pd.DataFrame
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per engine."""
        return self.frame.copy()

    @property
    def ran(self) -> list[str]:
        """The engines that gave a solution."""
        return list(self.frame.loc[self.frame["status"] == "ran", "engine"])

    def _headline(self) -> str:
        largest = self.frame["loadings"].max()
        said = "" if np.isnan(largest) else f"; largest difference of a loading {largest:.2g}"
        return f"Cross-check: {len(self.ran)} of {len(self.frame)} engines ran{said}"

    def summary(self) -> str:
        """Headline, differences, notes and settings as text."""
        table = self.frame.drop(columns="note").to_string(
            index=False, na_rep="-", float_format=lambda value: f"{value:.1e}"
        )
        notes = [f"{row['engine']}: {row['note']}" for row in self.frame.to_dict("records") if row["note"]]
        return "\n\n".join(
            [self._headline(), table, *(["\n".join(notes)] if notes else []), f"Settings: {self._note()}"]
        )


def cross_check(
    result: EFAResult,
    engines: Sequence[str] = ("factor_analyzer", "psych", "lavaan"),
    *,
    timeout: float = 120.0,
) -> CrossCheckResult:
    """Repeat an analysis by other programs, asked for the same conventions, and tabulate the largest differences.

    What is not installed, or cannot be asked for these conventions, is a row that says so.

    Parameters
    ----------
    result : EFAResult
    engines : sequence of {"factor_analyzer", "psych", "lavaan"}
        "factor_analyzer" is the Python package, with its known defects repaired; psych and lavaan run through `Rscript`.
    timeout : float
        Seconds that each R program may take.

    Returns
    -------
    CrossCheckResult

    Raises
    ------
    SettingError
        An unknown engine, or none.
    """
    names = [name.replace("-", "_") for name in ([engines] if isinstance(engines, str) else engines)]
    if not names:
        raise SettingError("engines is empty.", f"Name at least one of: {', '.join(ENGINES)}.")
    for name in names:
        checks.choice(name, tuple(ENGINES), "engine")
    timeout = checks.number(timeout, "timeout", low=0, high=1e6)
    rows = []
    for name in names:
        found = ENGINES[name](result, timeout)
        row = {"engine": name, "version": found.version, "status": found.status}
        rows.append({**row, **differences(result, found), "note": found.note})
    frame = pd.DataFrame(rows, columns=["engine", "version", "status", *QUANTITIES, "note"])
    kept = ("mimic", "method", "rotation", "n_factors", "correlation", "missing", "n_obs")
    settings = {key: result.settings.get(key) for key in kept} | {"engines": names, "timeout": timeout}
    return CrossCheckResult(frame, settings)


def differences(result: EFAResult, found: Outcome) -> dict[str, float]:
    """Largest absolute difference of each quantity; chi2 in percent of ours."""
    out = dict.fromkeys(QUANTITIES, float("nan"))
    if found.loadings is None or found.phi is None or found.uniquenesses is None:
        return out
    ours = result.loadings.to_numpy()
    if found.loadings.shape != ours.shape or not np.isfinite(found.loadings).all():
        return out
    order, signs = alignment.match(found.loadings, ours)
    L = found.loadings[:, order] * signs
    phi = found.phi[np.ix_(order, order)] * np.outer(signs, signs)
    h2 = np.einsum("ij,jl,il->i", L, phi, L)
    out["loadings"] = float(np.abs(L - ours).max())
    out["phi"] = float(np.abs(phi - result.phi.to_numpy()).max())
    out["communalities"] = float(np.abs(h2 - result.communalities.to_numpy()).max())
    out["uniquenesses"] = float(np.abs(found.uniquenesses - result.uniquenesses.to_numpy()).max())
    if found.fit and result.settings["method"] != "pca":
        fit = result.fit if found.fit == "own" else result.fit_table()[found.fit]
        chi2 = float(fit["chi2"])
        out["chi2"] = 100 * abs(found.chi2 - chi2) / chi2 if chi2 else float("nan")
        out["rmsea"] = abs(found.rmsea - float(fit["rmsea"]))
    return out
