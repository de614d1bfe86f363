"""How many cases an exploratory factor analysis needs: simulation from the structure that one expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import SettingError
from valuelex.psychometrics import checks
from valuelex.psychometrics.planning.plan import AT_MOST, Plan, plan
from valuelex.psychometrics.results import Result

GRID = (100, 150, 200, 300, 500, 800)
LIMIT = 20_000


@dataclass(frozen=True, eq=False)
class PowerResult(Result):
    """What samples of each size show.

    Attributes
    ----------
    table : DataFrame, one row per n
        k_found, k_under, k_over: shares of samples in which parallel analysis finds k, fewer or more factors; congruence
        (Tucker's, mean over factors and samples), smallest (of the worst factor, mean), error (mean absolute error of
        loadings); improper: share with a Heywood case or without convergence; failed: share that could not be analysed;
        enough: whether all targets are met. The Monte Carlo error of a share is at most 1 / (2 sqrt(n_rep)).
    smallest_n : int or None
        Smallest n of the table from which on all targets are met.
    targets : dict
        What was asked for.
    """

    table: pd.DataFrame
    smallest_n: int | None
    targets: dict[str, float]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def _headline(self) -> str:
        goal = ", ".join(f"{key} {'<=' if key in AT_MOST else '>='} {value:g}" for key, value in self.targets.items())
        answer = f"{self.smallest_n} cases are enough" if self.smallest_n else "no n of the table is enough"
        return f"Sample size: {answer} ({goal})"


def _result(checked: Plan, rows: Sequence[dict[str, Any]]) -> PowerResult:
    table = pd.DataFrame(rows).set_index("n").sort_index()
    smallest: int | None = None
    for n in table.index[::-1]:
        if not table.loc[n, "enough"]:
            break
        smallest = int(n)
    return PowerResult(table, smallest, checked.targets, checked.settings)


def power_efa(
    pattern: object = None,
    n: int | Sequence[int] = GRID,
    *,
    p: int | None = None,
    k: int | None = None,
    loading: float | None = None,
    phi: object = 0.0,
    categories: int | None = None,
    skew: float = 0.0,
    correlation: str | None = None,
    method: str = "minres",
    rotation: str = "oblimin",
    kind: str = "pca",
    percentile: float = 95.0,
    targets: Mapping[str, float | None] | None = None,
    n_rep: int = 200,
    seed: int | None = None,
) -> PowerResult:
    """Simulate exploratory factor analyses of samples of n cases, for each n of a grid.

    The population holds no minor factors: real data need more cases than it says.

    Parameters
    ----------
    pattern : DataFrame or array, p x k, optional
        Expected loadings. Or give `p`, `k` and `loading`: k factors with p / k variables each and equal loadings.
    n : int or sequence of int
        Sample sizes.
    phi : float or k x k
        Factor correlations; one number for all.
    categories : int, optional
        Variables have this many ordered categories; default continuous.
    skew : float
        Skewness of the categories.
    correlation : {"pearson", "spearman", "polychoric"}, optional
        How samples are analysed; default Pearson, polychoric with categories.
    method : {"minres", "ml", "paf"}
        Extraction.
    rotation : str
        As in `efa`, from one start.
    kind, percentile
        Of the parallel analysis, whose references are simulated from unrelated variables of the same distribution.
    targets : mapping, optional
        Any of k_found, congruence, smallest (at least), error, improper (at most); default k_found .90, congruence .95,
        improper .05. None drops one.
    n_rep : int
        Samples per n.
    seed : int, optional
        Stored with the result.

    Raises
    ------
    DataError
        A pattern that is no table of loadings.
    SettingError
        Settings out of range, communalities of 1 or more, an impossible phi.
    """
    checked = plan(
        pattern, p, k, loading, phi, categories, skew, correlation, method, rotation, kind, percentile, targets, n_rep, seed
    )  # fmt: skip
    sizes = [n] if isinstance(n, (int, np.integer)) else list(n)
    least = checked.population.L.shape[0] + 1
    chosen = sorted({checks.integer(size, "n", low=least) for size in sizes})
    if not chosen:
        raise SettingError("n is empty.", "Give at least one sample size.")
    return _result(checked, [checked.row(size) for size in chosen])


def sample_size(
    pattern: object = None,
    *,
    p: int | None = None,
    k: int | None = None,
    loading: float | None = None,
    phi: object = 0.0,
    categories: int | None = None,
    skew: float = 0.0,
    correlation: str | None = None,
    method: str = "minres",
    rotation: str = "oblimin",
    kind: str = "pca",
    percentile: float = 95.0,
    targets: Mapping[str, float | None] | None = None,
    n_rep: int = 200,
    precision: float = 0.1,
    seed: int | None = None,
) -> PowerResult:
    """Search the smallest n that meets the targets: doubling from 100 or 3 p, then bisection.

    Parameters
    ----------
    precision : float
        The search ends when the interval is smaller than this share of n.
    others
        As in `power_efa`.

    Raises
    ------
    SettingError
        As in `power_efa`.

    Warns
    -----
    PsychometricsWarning
        20,000 cases are not enough; `smallest_n` is then None.
    """
    checked = plan(
        pattern, p, k, loading, phi, categories, skew, correlation, method, rotation, kind, percentile, targets, n_rep, seed
    )  # fmt: skip
    precision = checks.number(precision, "precision", low=0, high=1)
    least = checked.population.L.shape[0] + 1
    low, high = least - 1, max(100, 3 * least)
    rows = [checked.row(high)]
    while not rows[-1]["enough"] and high < LIMIT:
        low, high = high, 2 * high
        rows.append(checked.row(high))
    if not rows[-1]["enough"]:
        checks.warn(f"{high} cases are not enough; see .table, and ask for less or for more variables per factor.")
        return _result(checked, rows)
    while high - low > max(1.0, precision * high):
        middle = (low + high) // 2
        rows.append(checked.row(middle))
        low, high = (low, middle) if rows[-1]["enough"] else (middle, high)
    return _result(checked, rows)
