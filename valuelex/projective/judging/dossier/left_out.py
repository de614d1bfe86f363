"""What hangs on one judge: models' scores, their order, and verdicts on pairs of models, with and without it."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from valuelex.projective.judging.dossier.cells import Cells

LEAST_STEMS = 3
NAMED = 5


def left_out(cells: Cells, *, level: float) -> list[dict[str, Any]]:
    """Return the rows of the table `judge_left_out`.

    Scores are means of judges within a completion, then of completions within a stem, then of stems. Two models are told apart
    where the t interval of their difference over common stems leaves 0 out.

    Parameters
    ----------
    cells : Cells
    level : float
        Coverage of these intervals.
    """
    rows = []
    for judge in cells.judges if len(cells.judges) > 1 else []:
        for scale in dict.fromkeys(cells.places["dimension"]):
            one = cells.of(scale)
            whole = _by_stem(one, one.judges)
            without = _by_stem(one, [j for j in one.judges if j != judge])
            rows.append({"judge_id": judge, "dimension": scale, **_compare(whole, without, level)})
    return rows


def _by_stem(cells: Cells, judges: list[str]) -> pd.DataFrame:
    """Stems x models."""
    mean = cells.scores[judges].mean(axis=1)
    return mean.groupby([cells.places["item_id"].astype(str), cells.places["model_id"].astype(str)]).mean().unstack()


def _compare(whole: pd.DataFrame, without: pd.DataFrame, level: float) -> dict[str, Any]:
    means = pd.DataFrame({"all": whole.mean(), "without": without.mean()}).dropna()
    out: dict[str, Any] = dict.fromkeys(("spearman", "largest_change", "model_id", "which", "note"))
    out |= {"n_models": len(means), "n_pairs": 0, "flipped": 0, "reversed": 0}
    if len(means) < 2:
        return out | {"note": "Fewer than two models have a score either way."}
    change = means["without"] - means["all"]
    change = (change - change.mean()).abs()
    out |= {"largest_change": float(change.max()), "model_id": str(change.idxmax())}
    if len(means) > 2 and means["all"].nunique() > 1 and means["without"].nunique() > 1:
        ranks = means.rank().to_numpy(dtype=float)
        out["spearman"] = float(np.corrcoef(ranks[:, 0], ranks[:, 1])[0, 1])
    else:
        out["note"] = "Too few models, or too little variation, for a rank correlation."
    flipped = []
    for a, b in combinations(means.index, 2):
        before, after = _verdict(whole, a, b, level), _verdict(without, a, b, level)
        if before is None or after is None:
            continue
        out["n_pairs"] += 1
        if before != after:
            flipped.append(f"{a} {_SIGNS[before]} {b}, without it {_SIGNS[after]}")
            out["reversed"] += int(before * after < 0)
    out["flipped"] = len(flipped)
    out["which"] = "; ".join(flipped[:NAMED]) or None
    return out


_SIGNS = {1: "above", 0: "not told from", -1: "below"}


def _verdict(table: pd.DataFrame, a: str, b: str, level: float) -> int | None:
    from scipy.special import stdtrit

    difference = (table[a] - table[b]).dropna().to_numpy(dtype=float)
    n = len(difference)
    if n < LEAST_STEMS:
        return None
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * float(difference.std(ddof=1)) / np.sqrt(n)
    mean = float(difference.mean())
    return int(np.sign(mean)) if abs(mean) > half else 0
