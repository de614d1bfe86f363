"""What each level of measurement invariance holds equal, for continuous variables and for ordered items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.confirmatory.syntax import Model, Statement, parse_parameter

CONTINUOUS = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
ORDERED = ("configural", "thresholds", "metric", "scalar", "strict")
NEW = {
    "configural": (),
    "thresholds": ("|",),
    "metric": ("=~",),
    "scalar": ("~1",),
    "strict": ("~~",),
}
"""Operators of the parameters that a level newly restricts."""


def checked_levels(levels: Sequence[str] | None, ordered: bool) -> tuple[str, ...]:
    """The levels asked for, in their order from weak to strict, or all."""
    every = ORDERED if ordered else tuple(CONTINUOUS)
    if levels is None:
        return every
    chosen = (levels,) if isinstance(levels, str) else tuple(levels)
    unknown = [level for level in chosen if level not in every]
    if unknown or not chosen:
        raise SettingError(
            f"levels={unknown[0] if unknown else chosen!r} is not known"
            f"{' for ordered items' if ordered else ' for continuous variables'}.",
            f"Use some of: {', '.join(every)}.",
        )
    return tuple(level for level in every if level in chosen)


def ordered_model(
    model: Model, level: str, n_groups: int, thresholds: Mapping[str, int], partial: Sequence[str]
) -> Model:
    """Syntax of a level for ordered items, in theta parameters (Wu & Estabrook, 2016, https://doi.org/10.1007/s11336-016-9506-0).

    thresholds: equal; intercepts and residual variances of later groups free. metric: loadings too; factor variances of
    later groups free. scalar: intercepts 0; factor means of later groups free. strict: residual variances 1.

    Raises
    ------
    DataError
        Items of two categories at a level between configural and strict, where they say nothing.
    SettingError
        Factors measured by factors.
    """
    two = [name for name, cuts in thresholds.items() if cuts < 2]
    if two and level in ("thresholds", "metric", "scalar"):
        raise DataError(
            f"With two categories ({', '.join(two[:8])}) the level {level} cannot be told from others.",
            "Use levels=('configural', 'strict'), or items with three categories or more.",
        )
    if any(s.op == "=~" and s.rhs in model.factors for s in model.statements):
        raise SettingError(
            "The levels for ordered items are defined for factors measured by items only.",
            "Leave the higher factor out, or treat the items as continuous (estimator='mlr').",
        )
    at, later = ORDERED.index(level), n_groups - 1
    freed = {parse_parameter(text) for text in partial}

    def vector(first: float | None, rest: float | None) -> tuple[float | None, ...]:
        return (first, *[rest] * later)

    def names(stem: str, equal: bool) -> tuple[str, ...]:
        return (stem,) if equal else tuple(f"{stem}.g{g + 1}" for g in range(n_groups))

    out: dict[tuple[str, str, str], Statement] = {}

    def add(statement: Statement) -> None:
        out[statement.key()] = statement

    for s in model.statements:
        if s.op == "=~" and not any(value is not None for value in s.fixed):
            equal = at >= ORDERED.index("metric") and s.key() not in freed
            label = s.label or names(f"l.{s.lhs}.{s.rhs}", equal)
            add(replace(s, fixed=(None,), label=label))
        elif s.op in ("=~", "~~"):
            add(s)
    for name, cuts in thresholds.items():
        for k in range(cuts):
            cut = Statement(name, "|", f"t{k + 1}")
            equal = at >= ORDERED.index("thresholds") and cut.key() not in freed
            add(replace(cut, label=names(f"t.{name}.{k + 1}", equal)))
        residual = Statement(name, "~~", name)
        loose = 0 < at < ORDERED.index("strict") or (at > 0 and residual.key() in freed)
        add(replace(residual, fixed=vector(1.0, None if loose else 1.0)))
        intercept = Statement(name, "~1", "")
        loose = 0 < at < ORDERED.index("scalar") or (at > 0 and intercept.key() in freed)
        add(replace(intercept, fixed=vector(0.0, None if loose else 0.0)))
    for factor in model.factors:
        add(Statement(factor, "~~", factor, vector(1.0, None if at >= ORDERED.index("metric") else 1.0)))
        add(Statement(factor, "~1", "", vector(0.0, None if at >= ORDERED.index("scalar") else 0.0)))
    return Model(tuple(out.values()))
