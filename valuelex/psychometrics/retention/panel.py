"""Step 3: how many factors? Every criterion names its settings; `retain` puts them side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention.parallel import ParallelResult, eigenvalues, leading, parallel_analysis

FloatArray = NDArray[np.float64]

CRITERIA = ("parallel", "map", "map4", "ekc", "kaiser")
NO_VOTE = ("kaiser",)


@dataclass(frozen=True, eq=False)
class MapResult(Result):
    """Velicer's MAP: mean squared (`values`) and fourth-power (`values_fourth`) partials after 0, 1, ... components."""

    n_factors: int
    n_factors_fourth: int
    values: FloatArray
    values_fourth: FloatArray
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per number of components."""
        index = pd.RangeIndex(self.values.size, name="components")
        return pd.DataFrame({"map": self.values, "map4": self.values_fourth}, index=index)

    def _headline(self) -> str:
        return f"MAP: {self.n_factors} factors (fourth power: {self.n_factors_fourth})"


@dataclass(frozen=True, eq=False)
class EigenvalueResult(Result):
    """An eigenvalue rule: observed `eigenvalues` against `reference` (p each)."""

    n_factors: int
    eigenvalues: FloatArray
    reference: FloatArray
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per factor."""
        index = pd.RangeIndex(1, self.eigenvalues.size + 1, name="factor")
        return pd.DataFrame({"observed": self.eigenvalues, "reference": self.reference}, index=index)

    def _headline(self) -> str:
        return f"{self.settings['criterion']}: {self.n_factors} factors"


@dataclass(frozen=True, eq=False)
class RetentionResult(Result):
    """Criteria side by side.

    `frame` has columns criterion, n_factors, settings (JSON). `vote` is the mode over the criteria, the smallest if
    several tie (None if no criterion may vote); `disagreement` is their range. Kaiser's rule over-factors and has no
    vote. `eigenvalues` and `reference` (None without parallel analysis) draw the scree plot.
    """

    frame: pd.DataFrame
    vote: int | None
    disagreement: int
    eigenvalues: FloatArray
    reference: FloatArray | None
    details: dict[str, ParallelResult | MapResult | EigenvalueResult]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Columns criterion, n_factors, settings."""
        return self.frame.copy()

    def _headline(self) -> str:
        vote = "no vote" if self.vote is None else f"vote: {self.vote} factors"
        return f"How many factors? {vote}, criteria differ by {self.disagreement}"


def map_test(
    data: object, *, correlation: str = "pearson", missing: str = "listwise", n_obs: int | None = None
) -> MapResult:
    """Minimum average partial: partial out components until the mean squared partial correlation is smallest.

    Velicer (1976), and with fourth powers Velicer, Eaton & Fava (2000). Zero components may win.

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data, or a p x p correlation matrix (n_obs optional: MAP does not use it).
    correlation, missing, n_obs
        As in `parallel_analysis`.
    """
    ready = checks.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing, need_n=False)
    squares, fourths = map_core(ready.R)
    return MapResult(
        int(np.argmin(squares)),
        int(np.argmin(fourths)),
        squares,
        fourths,
        {"correlation": correlation, "missing": missing, "n_obs": ready.n_obs or None},
    )


def ekc(
    data: object, *, correlation: str = "pearson", missing: str = "listwise", n_obs: int | None = None
) -> EigenvalueResult:
    """Empirical Kaiser criterion (Braeken & van Assen, 2017, eq. 2).

    Eigenvalue j must exceed max(1, (1 + sqrt(p/n))^2 (p - sum of earlier eigenvalues) / (p - j + 1)).

    Parameters
    ----------
    data, correlation, missing, n_obs
        As in `parallel_analysis`.
    """
    ready = checks.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing)
    observed = eigenvalues(ready.R)
    p = observed.size
    left = p - np.concatenate([[0.0], np.cumsum(observed)[:-1]])
    reference = np.maximum(left / np.arange(p, 0, -1) * (1 + np.sqrt(p / ready.n_obs)) ** 2, 1.0)
    settings = {"criterion": "ekc", "correlation": correlation, "missing": missing, "n_obs": ready.n_obs}
    return EigenvalueResult(leading(observed, reference), observed, reference, settings)


def kaiser(
    data: object, *, correlation: str = "pearson", missing: str = "listwise", n_obs: int | None = None
) -> EigenvalueResult:
    """Eigenvalues above 1 (Kaiser, 1960). Over-factors: shown because readers ask for it, not to be followed.

    Parameters
    ----------
    data, correlation, missing, n_obs
        As in `parallel_analysis`; n_obs is optional.
    """
    ready = checks.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing, need_n=False)
    observed = eigenvalues(ready.R)
    reference = np.ones_like(observed)
    settings = {
        "criterion": "kaiser",
        "correlation": correlation,
        "missing": missing,
        "n_obs": ready.n_obs or None,
        "warning": "Kaiser's rule over-factors; it has no vote.",
    }
    return EigenvalueResult(leading(observed, reference), observed, reference, settings)


def retain(
    data: object,
    criteria: Sequence[str] = ("parallel", "map", "ekc", "kaiser"),
    *,
    seed: int | None = None,
    n_iter: int = 1000,
    percentile: float | str = 95,
    kind: str = "pca",
    reference: str = "normal",
    correlation: str = "pearson",
    missing: str = "listwise",
    n_obs: int | None = None,
) -> RetentionResult:
    """Ask several criteria how many factors to keep, and show how far they disagree.

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data, or a p x p correlation matrix with n_obs.
    criteria : sequence of {"parallel", "map", "map4", "ekc", "kaiser"}
        Which to ask, in the order of the rows. "kaiser" warns that it over-factors and has no vote.
    seed, n_iter, percentile, kind, reference, correlation, missing, n_obs
        As in `parallel_analysis`.

    Raises
    ------
    SettingError
        An unknown criterion, or none.
    """
    names = [criteria] if isinstance(criteria, str) else list(criteria)
    if not names:
        raise SettingError("criteria is empty.", f"Name at least one of: {', '.join(CRITERIA)}.")
    for name in names:
        checks.choice(name, CRITERIA, "criterion")
    seed = checks.resolve_seed(seed)
    common: dict[str, Any] = {"correlation": correlation, "missing": missing, "n_obs": n_obs}
    details: dict[str, ParallelResult | MapResult | EigenvalueResult] = {}
    rows = []
    for name in names:
        if name == "parallel":
            details[name] = parallel_analysis(
                data, n_iter, percentile, kind=kind, reference=reference, seed=seed, **common
            )
        elif name in ("map", "map4"):
            details[name] = map_test(data, **common)
        else:
            details[name] = ekc(data, **common) if name == "ekc" else kaiser(data, **common)
        found = details[name]
        count = found.n_factors_fourth if name == "map4" and isinstance(found, MapResult) else found.n_factors
        told = {key: value for key, value in found.settings.items() if key != "criterion"}
        if name in ("map", "map4"):
            told["power"] = 4 if name == "map4" else 2
        rows.append({"criterion": name, "n_factors": count, "settings": json.dumps(told, sort_keys=True)})
    if "kaiser" in names:
        checks.warn("Kaiser's rule (eigenvalues above 1) over-factors; it is shown but has no vote.")
    frame = pd.DataFrame(rows, columns=["criterion", "n_factors", "settings"])
    votes = frame.loc[~frame["criterion"].isin(NO_VOTE), "n_factors"]
    parallel = details.get("parallel")
    ready = checks.prepare(data, n_obs=n_obs, correlation=correlation, missing=missing, need_n=False)
    return RetentionResult(
        frame,
        None if votes.empty else int(votes.mode().min()),
        0 if votes.empty else int(votes.max() - votes.min()),
        parallel.eigenvalues if isinstance(parallel, ParallelResult) else eigenvalues(ready.R),
        parallel.reference if isinstance(parallel, ParallelResult) else None,
        details,
        {"criteria": names, "vote_rule": "mode, smallest on ties, without kaiser", "seed": seed, **common},
    )


def map_core(R: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean squared and mean fourth-power partial correlation after 0 .. p - 2 components.

    Stops where a partialled variance vanishes: beyond it partial correlations are noise.
    """
    p = R.shape[0]
    values, V = np.linalg.eigh(R)
    loadings = (V * np.sqrt(np.maximum(values, 0)))[:, ::-1]
    squares, fourths = [], []
    C = R.copy()
    for m in range(max(p - 1, 1)):
        if m:
            C = C - np.outer(loadings[:, m - 1], loadings[:, m - 1])
        variances = np.diag(C)
        if m and variances.min() < 1e-8:
            break
        partial2 = C**2 / np.outer(variances, variances)
        np.fill_diagonal(partial2, 0.0)
        squares.append(partial2.sum() / (p * (p - 1)))
        fourths.append((partial2**2).sum() / (p * (p - 1)))
    return np.array(squares), np.array(fourths)
