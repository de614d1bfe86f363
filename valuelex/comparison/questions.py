"""What can be asked of these models: contrasts on what is known of them, and why others cannot be formed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.comparison.covariates import numeric
from valuelex.comparison.settings import ComparisonSettings, Covariate

FloatArray = NDArray[np.float64]
TRAINING = ("pretrained", "instruction-tuned", "aligned")
"""Levels in the order of a model's making; those of other covariates go by name."""
SLOPES = {"parameters": "slope per tenfold size", "release_date": "slope per year"}


@dataclass(frozen=True)
class Question:
    """One contrast, before it is put to any scores.

    Attributes
    ----------
    name, covariate, method : str
    models : tuple of str
        Those whose covariates are known.
    design : DataFrame
        models x coefficients; a contrast weighs the coefficients.
    contrast : array
    treatment : Series
        The covariate itself, of the models that the contrast sets against each other: for permutation.
    groups : Series or None
        Of a matched contrast: what is matched (a family, a base model); its effects are columns of the design.
    adjusted : bool
        Whether other covariates are held equal.
    refused : str
        Why it cannot be formed at all; empty where it can.
    """

    name: str
    covariate: str
    method: str
    models: tuple[str, ...] = ()
    design: pd.DataFrame | None = None
    contrast: FloatArray | None = None
    treatment: pd.Series | None = None
    groups: pd.Series | None = None
    adjusted: bool = False
    refused: str = ""

    def weights(self, present: Sequence[str]) -> FloatArray | None:
        """Least-squares weights of the scores of the models present; None where they do not allow the question."""
        assert self.design is not None and self.contrast is not None
        X = self.design.loc[list(present)].to_numpy(dtype=np.float64)
        projected = np.linalg.pinv(X.T @ X)
        if not np.allclose(projected @ (X.T @ X) @ self.contrast, self.contrast, atol=1e-8):
            return None
        return np.asarray(self.contrast @ projected @ X.T)


def questions(facts: pd.DataFrame, settings: ComparisonSettings) -> list[Question]:
    """Return every contrast that the settings ask for, those that cannot be formed with the reason.

    Parameters
    ----------
    facts : DataFrame
        What `covariates.join` gives. A model whose covariate is unknown is left out of that contrast, and the method says so.
    """
    found: list[Question] = []
    if len(facts) < 2:
        why = f"there is one model alone, {facts.index[0]}" if len(facts) else "there is no model"
        return [Question(name, name, "no contrast", refused=why) for name in dict.fromkeys(settings.contrasts)]
    for covariate in dict.fromkeys(settings.contrasts):
        adjusted = [name for name in dict.fromkeys(settings.adjust_for) if name != covariate]
        found += _of_covariate(facts, covariate, adjusted)
    if "parameters" in settings.contrasts:
        found += _sizes_within_families(facts)
    if "training" in settings.contrasts:
        found += _tuned_against_base(facts)
    return found


def _of_covariate(facts: pd.DataFrame, covariate: Covariate, adjusted: Sequence[str]) -> list[Question]:
    needed = [covariate, *adjusted]
    known = facts[facts[needed].notna().all(axis=1)]
    missing = [str(m) for m in facts.index if m not in known.index]
    note = f"; left out for want of {' or '.join(needed)}: {', '.join(missing)}" if missing else ""
    if adjusted:
        note = f", held equal on {', '.join(adjusted)}{note}"
    beside = _columns(known, adjusted)
    if covariate in SLOPES:
        name = f"{covariate}: {SLOPES[covariate]}"
        values = numeric(known, covariate)
        method = (
            f"slope on {'log10(parameters)' if covariate == 'parameters' else 'the release date'}, {len(known)} models"
        )
        if values.nunique() < 2:
            return [Question(name, covariate, method + note, refused=_one_level(covariate, values.nunique()))]
        X = pd.concat([pd.DataFrame({"constant": 1.0, covariate: values - values.mean()}), beside], axis=1)
        contrast = np.eye(X.shape[1])[1]
        found = Question(name, covariate, method + note, tuple(X.index), X, contrast, values, adjusted=bool(adjusted))
        return [_checked(found)]
    texts = known[covariate].astype(str)
    levels = sorted(texts.unique(), key=lambda level: (TRAINING.index(level) if level in TRAINING else 0, level))
    if len(levels) < 2:
        return [
            Question(covariate, covariate, "difference of means" + note, refused=_one_level(covariate, len(levels)))
        ]
    X = pd.concat([pd.get_dummies(texts, dtype=float)[levels], beside], axis=1)
    out = []
    for low, high in itertools.combinations(levels, 2):
        n = texts.value_counts()
        contrast = np.zeros(X.shape[1])
        contrast[[levels.index(high), levels.index(low)]] = 1.0, -1.0
        of_two = texts[texts.isin([low, high])]
        method = f"difference of means, {n[high]} against {n[low]} models{note}"
        treatment = (of_two == high).astype(float)
        name = f"{covariate}: {high} - {low}"
        one = Question(name, covariate, method, tuple(X.index), X, contrast, treatment, adjusted=bool(adjusted))
        out.append(_checked(one))
    return out


def slope_question(facts: pd.DataFrame, covariate: Covariate) -> Question:
    """The slope on a covariate alone."""
    return _of_covariate(facts, covariate, [])[0]


def group_question(facts: pd.DataFrame, covariate: Covariate, low: Sequence[str], high: Sequence[str]) -> Question:
    """Models at some levels of a covariate against models at others, each model counting the same."""
    known = facts[covariate].dropna().astype(str)
    name = f"{covariate}: {' or '.join(high)} - {' or '.join(low)}"
    side = known[known.isin([*low, *high])].isin(high).astype(float)
    method = f"difference of means, {int((side == 1).sum())} against {int((side == 0).sum())} models"
    if side.nunique() < 2:
        return Question(
            name, covariate, method, refused=f"no models of both {' or '.join(low)} and {' or '.join(high)}"
        )
    X = pd.DataFrame({"constant": 1.0, "high": side - side.mean()})
    return Question(name, covariate, method, tuple(str(m) for m in X.index), X, np.array([0.0, 1.0]), side)


def _columns(known: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """Columns of the covariates that are held equal, each centred."""
    parts = [
        numeric(known, name).rename(name)
        if name in SLOPES
        else pd.get_dummies(known[name].astype(str), prefix=name, dtype=float).iloc[:, 1:]
        for name in covariates
    ]
    made = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=known.index)
    return made - made.mean()


def _one_level(covariate: str, levels: int) -> str:
    return f"no model's {covariate} is known" if levels == 0 else f"all models have the same {covariate}"


def _checked(question: Question) -> Question:
    """Refused where the contrast cannot be told from what is held equal."""
    if question.weights(question.models) is None:
        return Question(
            question.name,
            question.covariate,
            question.method,
            refused="it cannot be told from what it is held equal on",
        )
    return question


def _sizes_within_families(facts: pd.DataFrame) -> list[Question]:
    """Larger against smaller models of the same family and training."""
    known = facts.dropna(subset=["family", "parameters"])
    group = known["family"].astype(str) + " / " + known["training"].astype(str)
    size = numeric(known, "parameters")
    name = "parameters: slope per tenfold size, within families"
    return _matched(name, "parameters", group, size, "slope within groups of one family and training")


def _tuned_against_base(facts: pd.DataFrame) -> list[Question]:
    """Tuned models against the base models that they were made from."""
    base = facts["base"].dropna()
    group = pd.concat([pd.Series(list(base.unique()), index=list(base.unique()), dtype=object), base])
    treatment = pd.Series([0.0] * base.nunique() + [1.0] * len(base), index=group.index)
    return _matched(
        "training: tuned - base, matched pairs",
        "training",
        group,
        treatment,
        "difference within a base model and what was tuned from it",
    )


def _matched(name: str, covariate: str, group: pd.Series, values: pd.Series, what: str) -> list[Question]:
    varied = [g for g, members in values.groupby(group) if members.nunique() > 1]
    if not varied:
        return []
    group = group[group.isin(varied)]
    values = values.reindex(group.index)
    X = pd.get_dummies(group, dtype=float).assign(**{covariate: values - values.groupby(group).transform("mean")})
    contrast = np.eye(X.shape[1])[-1]
    method = f"{what}: {len(group)} models in {len(varied)} groups"
    return [Question(name, covariate, method, tuple(str(m) for m in X.index), X, contrast, values, group)]
