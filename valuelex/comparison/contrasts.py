"""Contrasts between models by what the registry says of them: size, training, developer, ..."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from valuelex.comparison.settings import ComparisonSettings
from valuelex.tables import empty, frame


@dataclass(frozen=True)
class Contrast:
    """A question put to each stem: the estimate is the sum of weight x score over the models that have one.

    Attributes
    ----------
    name, method : str
    weigh : callable
        The weights for the models present on a stem; None where these do not allow the question.
    weights : dict
        With all models present.
    """

    name: str
    method: str
    weigh: Callable[[Sequence[str]], dict[str, float] | None]
    weights: dict[str, float]


def contrasts(facts: pd.DataFrame, settings: ComparisonSettings) -> list[Contrast]:
    """Return the contrasts that the registry's facts allow.

    Parameters
    ----------
    facts : DataFrame
        One row per model, indexed by model_id, with the registry's columns. A model whose covariate is missing is left out of
        that contrast, and the method says so.
    """
    found = []
    for covariate in dict.fromkeys(settings.contrasts):
        known = facts[covariate].dropna()
        missing = [str(m) for m in facts.index if m not in known.index]
        note = f"; left out for want of {covariate}: {', '.join(missing)}" if missing else ""
        if covariate == "parameters":
            sizes = {str(m): float(np.log10(v)) for m, v in known.astype(float).items()}
            method = f"least-squares slope on log10(parameters), {len(sizes)} models"
            found.append(_contrast("parameters: slope per tenfold size", method + note, partial(_slope, sizes), sizes))
            continue
        groups = {level: [str(m) for m in members.index] for level, members in known.groupby(known.astype(str))}
        for low, high in itertools.combinations(sorted(groups), 2):
            method = f"difference of means, {len(groups[high])} against {len(groups[low])} models"
            weigh = partial(_difference, groups[low], groups[high])
            found.append(_contrast(f"{covariate}: {high} - {low}", method + note, weigh, [*groups[low], *groups[high]]))
    return [c for c in found if c is not None]


def _contrast(name: str, method: str, weigh: Callable[[Sequence[str]], Any], models: Iterable[str]) -> Contrast | None:
    weights = weigh(list(models))
    return None if weights is None else Contrast(name, method, weigh, weights)


def _slope(sizes: dict[str, float], present: Sequence[str]) -> dict[str, float] | None:
    """The least-squares slope on log10(parameters), as weights; with two models it is their difference per tenfold size."""
    models = [m for m in present if m in sizes]
    x = np.array([sizes[m] for m in models])
    if len(np.unique(x)) < 2:
        return None
    centred = x - x.mean()
    return dict(zip(models, (centred / (centred**2).sum()).tolist(), strict=True))


def _difference(low: list[str], high: list[str], present: Sequence[str]) -> dict[str, float] | None:
    lows, highs = [m for m in present if m in low], [m for m in present if m in high]
    if not lows or not highs:
        return None
    return {m: -1 / len(lows) for m in lows} | {m: 1 / len(highs) for m in highs}


def _per_stem(contrast: Contrast, table: pd.DataFrame) -> tuple[np.ndarray, float]:
    """The contrast's value on every stem that allows it, and the median number of models behind one."""
    values, counts = [], []
    for _, row in table.iterrows():
        scores = row.dropna()
        weights = contrast.weigh([str(m) for m in scores.index])
        if weights is not None:
            values.append(sum(weight * float(scores[m]) for m, weight in weights.items()))
            counts.append(len(weights))
    return np.array(values), float(np.median(counts)) if counts else 0.0


def compare(scored: pd.DataFrame, facts: pd.DataFrame, settings: ComparisonSettings) -> pd.DataFrame:
    """Return the table `comparisons`, at the level of dimensions.

    Every contrast is computed within each stem, from the models that have a score there, and averaged over stems; the t
    interval takes stems as sampled and **models as fixed**. It says whether these models differ on stems like these; it does
    not reach to other models, however small its p. p values are adjusted by Holm over the whole table, contrasts that weigh
    the models in the same proportions (with two models, all of them) counted once.
    """
    from scipy.stats import t

    if scored.empty:
        return empty("comparisons")
    upper = scored[scored["level"] == "dimension"]
    # Samples of the same stem are repetitions, not further stems.
    by = upper.assign(score=upper["score"].astype(float)).groupby(["dimension", "model_id", "item_id"])["score"]
    means = by.mean().dropna().reset_index()
    todo = contrasts(facts.loc[[m for m in facts.index if m in set(means["model_id"])]], settings)
    rows: list[dict[str, Any]] = []
    for contrast, (dimension, group) in itertools.product(todo, means.groupby("dimension", sort=True)):
        table = group.pivot(index="item_id", columns="model_id", values="score").reindex(columns=list(contrast.weights))
        values, models = _per_stem(contrast, table)
        k = len(values)
        estimate = float(values.mean()) if k else None
        se = float(values.std(ddof=1) / np.sqrt(k)) if k > 1 else None
        row: dict[str, Any] = {
            "contrast": contrast.name,
            "dimension": dimension,
            "estimate": estimate,
            "se": se,
            "ci_low": None,
            "ci_high": None,
            "p": None,
            "p_adjusted": None,
            "method": f"{contrast.method}; within stems (median {models:g} models on a stem), t over {k} stems, models fixed",
            "verdict": "undecided: fewer than two stems",
        }
        if estimate is not None and se is not None:
            half = float(t.ppf((1 + settings.confidence) / 2, k - 1)) * se
            row |= {"ci_low": estimate - half, "ci_high": estimate + half}
            row["p"] = float(2 * t.sf(abs(estimate) / se, k - 1)) if se > 0 else (0.0 if estimate else 1.0)
        rows.append(row)
    own = {c.name: c for c in todo}
    distinct = {name: _same_question(c, todo) for name, c in own.items()}
    counted = [row for row in rows if distinct[row["contrast"]] == row["contrast"]]
    told = dict(zip(((r["contrast"], r["dimension"]) for r in counted), holm([r["p"] for r in counted]), strict=True))
    for row in rows:
        first = distinct[row["contrast"]]
        adjusted = row["p_adjusted"] = told[first, row["dimension"]]
        if first != row["contrast"]:
            row["method"] += f"; the same models set apart as in '{first}', so one question, counted once by Holm"
        if adjusted is not None:
            row["verdict"] = _verdict(
                row["ci_low"], row["ci_high"], adjusted < 1 - settings.confidence, settings.smallest_effect
            )
    return frame("comparisons", rows)


def _same_question(contrast: Contrast, among: list[Contrast]) -> str:
    """The name of the first contrast that weighs the models in the same proportions, sign aside: itself, or an earlier one."""
    for other in among:
        if set(other.weights) == set(contrast.weights):
            models = sorted(other.weights)
            a, b = (np.array([c.weights[m] for m in models]) for c in (contrast, other))
            if abs(a @ b) > (1 - 1e-9) * np.linalg.norm(a) * np.linalg.norm(b):
                return other.name
    return contrast.name


def _verdict(low: float, high: float, significant: bool, smallest: float) -> str:
    """What interval and adjusted p say together: a difference needs both, equivalence needs the whole interval inside."""
    if -smallest < low and high < smallest:
        return f"equivalent within {smallest:g}"
    if not significant:
        return "undecided"
    if low > smallest or high < -smallest:
        return f"differs by more than {smallest:g}"
    if low > 0 or high < 0:
        return f"differs, perhaps by less than {smallest:g}"
    return "undecided"


def holm(p: list[float | None]) -> list[float | None]:
    """Return p values adjusted by Holm's (1979) step-down rule; missing ones stay missing and do not count."""
    # Not by statsmodels: its function collects all garbage at every call, which takes longer than all the rest of a comparison.
    known = sorted((i for i, value in enumerate(p) if value is not None), key=lambda i: p[i] or 0.0)
    out: list[float | None] = [None] * len(p)
    largest = 0.0
    for rank, i in enumerate(known):
        out[i] = largest = min(1.0, max(largest, (p[i] or 0.0) * (len(known) - rank)))
    return out
