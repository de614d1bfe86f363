"""A shorter test: the items that keep a scale's reliability, judged on samples that did not choose them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from valuelex.projective.scoring.items import home_items
from valuelex.tables import frame

LEAST_FOR_CHOICE = 10
"""Fewer models cannot choose among items: what they prefer is chance."""
RANDOM_FORMS = 200
"""Short forms drawn at random, with the same valences, that the chosen one is held against."""

OFTEN = 0.9
"""Share of the models that must have an item in every sample: an item that is often not applicable makes no short form."""

Array = np.ndarray[Any, Any]


def short_forms(
    scored: pd.DataFrame, instrument: pd.DataFrame, *, size: int | None, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the table `short_form` and, for each finest scale, what the short form is worth.

    Items written for a scale are dropped one by one, always the one without which alpha (models as cases) is highest, as
    long as the valences keep their shares. Worth is measured on the samples that took no part: each sample is held out in
    turn, the others choose. The table has the choice of all samples together.

    Parameters
    ----------
    scored, instrument : DataFrame
        The tables `completion_scores` and `instrument`.
    size : int or None
        Items to keep per scale; None keeps half.
    seed : int
        Of the random forms.
    """
    finest = "subdimension" if (scored["level"] == "subdimension").any() else "dimension"
    valence = instrument.set_index("item_id")["valence"].astype(object).fillna("unknown")
    form = instrument.set_index("item_id")["form"]
    rows: list[dict[str, Any]] = []
    told: dict[str, Any] = {}
    groups = scored[scored["level"] == finest].groupby("dimension", sort=True)
    for number, (dimension, group) in enumerate(groups):
        own = home_items(instrument, finest, str(dimension))
        mine = group[group["item_id"].isin(own)].assign(score=lambda d: d["score"].astype(float))
        cube, items = _cube(mine)
        keep = size or max(2, len(items) // 2)
        why = _too_little(cube, items, keep)
        if why:
            told[str(dimension)] = {"n_items": len(items), "n_kept": None, "reason": why}
            continue
        strata = [str(valence.get(i)) for i in items]
        rng = np.random.default_rng([seed, number])
        told[str(dimension)] = _worth(cube, strata, keep, rng)
        kept = _choose(_covariance(_over_samples(cube)), strata, keep)
        for position, item in enumerate(items):
            rows.append(
                {
                    "level": finest,
                    "dimension": dimension,
                    "item_id": item,
                    "valence": None if strata[position] == "unknown" else strata[position],
                    "form": form.get(item),
                    "kept": position in kept,
                }
            )
    return frame("short_form", rows), told


def _cube(mine: pd.DataFrame) -> tuple[Array, list[str]]:
    """Scores as models x samples x items, NaN where missing, of the items that nine in ten models have in every sample."""
    models = mine.groupby("sample_index")["model_id"].nunique()
    # A sample that few models have would leave no item that nine in ten have in every sample.
    samples = sorted(models.index[2 * models >= mine["model_id"].nunique()])
    wide = mine.pivot_table(index="model_id", columns=["sample_index", "item_id"], values="score", dropna=False)
    shares = [wide[s].notna().mean() for s in samples if s in wide]
    common = sorted(set.intersection(*(set(share.index[share >= OFTEN]) for share in shares))) if shares else []
    cube = (
        np.stack([wide[s][common].to_numpy(dtype=np.float64) for s in samples], axis=1)
        if common
        else np.empty((0, 0, 0))
    )
    return cube, [str(i) for i in common]


def _too_little(cube: Array, items: list[str], keep: int) -> str | None:
    if len(items) <= keep:
        return (
            f"{len(items)} items of its own have a score in every sample of every model; there is nothing to leave out."
        )
    if cube.shape[0] < LEAST_FOR_CHOICE:
        return f"{cube.shape[0]} models; at least {LEAST_FOR_CHOICE} are needed to choose among items."
    if cube.shape[1] < 2:
        return "One sample of each completion: none could be held out."
    return None


def _covariance(X: Array) -> Array:
    """Of models x items, from the pairs that are there."""
    return pd.DataFrame(X).cov().to_numpy(dtype=np.float64)


def _alpha(C: Array, items: list[int]) -> float:
    """Cronbach's alpha of some items; NaN where their sum does not vary."""
    part = C[np.ix_(items, items)]
    k, total = len(items), float(part.sum())
    return float(k / (k - 1) * (1 - np.trace(part) / total)) if total > 1e-12 and k > 1 else float("nan")


def _over_samples(cube: Array) -> Array:
    """Means over samples of the scores that are there, models x items; NaN where there is none."""
    there = np.isfinite(cube)
    counts = there.sum(axis=1)
    return np.where(counts > 0, np.where(there, cube, 0.0).sum(axis=1) / np.maximum(counts, 1), np.nan)


def _quota(strata: list[str], keep: int) -> dict[str, int]:
    """Items of each valence in the short form, by largest remainder."""
    names = sorted(set(strata))
    exact = {name: keep * strata.count(name) / len(strata) for name in names}
    found = {name: int(exact[name]) for name in names}
    for name in sorted(names, key=lambda v: (found[v] - exact[v], v))[: keep - sum(found.values())]:
        found[name] += 1
    return found


def _choose(C: Array, strata: list[str], keep: int) -> set[int]:
    quota = _quota(strata, keep)
    left = list(range(len(C)))
    while len(left) > keep:
        counts = {name: sum(strata[i] == name for i in left) for name in quota}
        free = [i for i in left if counts[strata[i]] > quota[strata[i]]]
        worth = {i: _alpha(C, [j for j in left if j != i]) for i in free}
        left.remove(max(free, key=lambda i: (-np.inf if np.isnan(worth[i]) else worth[i], -i)))
    return set(left)


def _worth(cube: Array, strata: list[str], keep: int, rng: np.random.Generator) -> dict[str, Any]:
    quota = _quota(strata, keep)
    full, chosen, drawn, likeness = [], [], [], []
    for held in range(cube.shape[1]):
        others, test = _over_samples(np.delete(cube, held, axis=1)), cube[:, held]
        C = _covariance(test)
        short = sorted(_choose(_covariance(others), strata, keep))
        full.append(_alpha(C, list(range(len(C)))))
        chosen.append(_alpha(C, short))
        a = np.nanmean(test[:, short] - np.nanmean(test[:, short], axis=0), axis=1)
        b = np.nanmean(others - np.nanmean(others, axis=0), axis=1)
        likeness.append(float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-12 and b.std() > 1e-12 else np.nan)
        for _ in range(RANDOM_FORMS // cube.shape[1] + 1):
            some = [
                int(i)
                for name, n in quota.items()
                for i in rng.choice([k for k, s in enumerate(strata) if s == name], n, replace=False)
            ]
            drawn.append(_alpha(C, some))

    def mean(values: list[float]) -> float | None:
        known = [v for v in values if np.isfinite(v)]
        return float(np.mean(known)) if known else None

    return {
        "n_items": len(strata),
        "n_kept": keep,
        "alpha_full": mean(full),
        "alpha_short": mean(chosen),
        "alpha_random": mean(drawn),
        "r_with_full": mean(likeness),
        "reason": None,
    }
