"""The judgements as a table of cells (completion x scale) by judges, and small estimators that its parts share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.projective.judging.unjudged import unjudged

FloatArray = NDArray[np.float64]

ALL = "all"
LEAST_CELLS = 10
LEAST_CLUSTERS = 6
"""With fewer models the bootstrap draws stems in place of models."""


@dataclass(frozen=True)
class Cells:
    """Scores of every judge, cell by cell.

    Attributes
    ----------
    places : DataFrame, n rows
        completion_id, dimension, model_id, item_id, sample_index, words (of the completion).
    scores, applicable : DataFrame, n x judges
        Float with NaN where there is no score; 1, 0 or NaN where the cell was not judged.
    positions : DataFrame, n x judges
        Where in the call the scale stood; NaN for other judges.
    """

    places: pd.DataFrame
    scores: pd.DataFrame
    applicable: pd.DataFrame
    positions: pd.DataFrame

    @property
    def judges(self) -> list[str]:
        return [str(name) for name in self.scores.columns]

    def of(self, dimension: str) -> Cells:
        """Return the cells of one scale; "all" for every one."""
        if dimension == ALL:
            return self
        kept = (self.places["dimension"] == dimension).to_numpy()
        return Cells(self.places[kept], self.scores[kept], self.applicable[kept], self.positions[kept])


def make_cells(judgements: pd.DataFrame, completions: pd.DataFrame) -> Cells:
    """Return the cells; what could not be read, and completions that no judge saw, count as not judged."""
    lost = unjudged(judgements)
    position = judgements["position"] if "position" in judgements else pd.Series(np.nan, index=judgements.index)
    table = pd.DataFrame(
        {
            "completion_id": judgements["completion_id"].astype(str),
            "dimension": judgements["dimension"].astype(str),
            "judge": judgements["judge_id"].astype(str),
            "score": judgements["score"].astype("Float64").to_numpy(dtype=float, na_value=np.nan),
            "applicable": judgements["applicable"].astype("boolean").astype("Float64").to_numpy(float, na_value=np.nan),
            "position": position.astype("Float64").to_numpy(dtype=float, na_value=np.nan),
        }
    )[~lost.to_numpy(dtype=bool)]
    table.loc[table["applicable"] != 1, "score"] = np.nan
    keys = ["completion_id", "dimension"]
    wide = {name: table.pivot(index=keys, columns="judge", values=name) for name in ("score", "applicable", "position")}
    about = completions.assign(
        completion_id=completions["completion_id"].astype(str),
        words=[float(len(str(text).split())) for text in completions["text"].fillna("")],
    ).set_index("completion_id")[["model_id", "item_id", "sample_index", "words"]]
    places = wide["score"].index.to_frame(index=False).join(about, on="completion_id")
    scores, applicable, positions = (wide[name].reset_index(drop=True) for name in ("score", "applicable", "position"))
    return Cells(places, scores, applicable, positions)


def clusters(places: pd.DataFrame) -> tuple[NDArray[np.int64], str]:
    """Return what the bootstrap draws for each row: models, or with few of them stems."""
    column, name = ("model_id", "models") if places["model_id"].nunique() >= LEAST_CLUSTERS else ("item_id", "stems")
    return np.asarray(pd.factorize(places[column])[0], dtype=np.int64), name


def draw(n: int, draws: int, seed: int) -> FloatArray:
    """Return how often each of n clusters is drawn, draws x n."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws).astype(float)


def alpha_interval(
    values: FloatArray, groups: NDArray[np.int64] | None = None, draws: int = 0, seed: int = 0
) -> tuple[float, FloatArray]:
    """Krippendorff's alpha (interval) of units x raters with gaps, and its values in bootstrap draws of the groups.

    For interval data alpha = 1 - D_o / D_e needs only sums per unit: D_o is the mean over values of 2 m SS / (m - 1) within
    units of m values, D_e twice the variance of all pairable values (Krippendorff, 2019, ch. 12), so that each draw is a
    weighted sum and no value matrix is made.
    """
    m = np.isfinite(values).sum(axis=1)
    kept = m > 1
    x, m = values[kept], m[kept].astype(float)
    filled = np.where(np.isfinite(x), x, 0.0)
    total, square = filled.sum(axis=1), (filled**2).sum(axis=1)
    within = 2 * m * (square - total**2 / m) / (m - 1) / m
    parts = np.column_stack([m, total, square, within * m])
    sums = parts.sum(axis=0, keepdims=True)
    if groups is not None and draws:
        codes, names = pd.factorize(groups[kept])
        per = np.zeros((len(names), 4))
        np.add.at(per, codes, parts)
        sums = np.vstack([sums, draw(len(names), draws, seed) @ per]) if len(names) > 1 else sums
    n = sums[:, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = 2 * (sums[:, 2] - sums[:, 1] ** 2 / n) / (n - 1)
        alpha = 1 - (sums[:, 3] / n) / expected
    alpha = np.where(expected > 1e-12, alpha, np.nan)
    return float(alpha[0]), alpha[1:]


def percentiles(draws: FloatArray, level: float) -> tuple[float | None, float | None]:
    """Return the percentile interval; None where fewer than nine draws in ten gave a value."""
    good = draws[np.isfinite(draws)]
    if not len(draws) or len(good) < 0.9 * len(draws):
        return None, None
    low, high = np.quantile(good, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def slope(y: FloatArray, x: FloatArray, strata: Any, groups: Any, level: float) -> dict[str, Any]:
    """Slope of y on x within strata, with errors that hold when rows of one group belong together (CR1, t with groups - 1).

    Returns
    -------
    dict
        estimate, se, ci_low, ci_high, n; None where x does not vary within strata.
    """
    from scipy.special import stdtrit

    nothing = {"estimate": None, "se": None, "ci_low": None, "ci_high": None, "n": 0}
    kept = np.isfinite(y) & np.isfinite(x)
    table = pd.DataFrame({"y": y[kept], "x": x[kept], "s": np.asarray(strata)[kept], "g": np.asarray(groups)[kept]})
    for name in ("y", "x"):
        table[name] -= table.groupby("s")[name].transform("mean")
    spread = float((table["x"] ** 2).sum())
    n, k, g = len(table), table["s"].nunique(), table["g"].nunique()
    if n < LEAST_CELLS or g < LEAST_CLUSTERS or n - k < 2 or spread < 1e-9:
        return nothing | {"n": n}
    b = float((table["x"] * table["y"]).sum() / spread)
    score = (table["x"] * (table["y"] - b * table["x"])).groupby(table["g"]).sum()
    # Centring within strata has used up one mean each.
    se = float(np.sqrt((score**2).sum() * g / (g - 1) * (n - 1) / (n - k)) / spread)
    half = float(stdtrit(g - 1, 0.5 + level / 2)) * se
    return {"estimate": b, "se": se, "ci_low": b - half, "ci_high": b + half, "n": n}
