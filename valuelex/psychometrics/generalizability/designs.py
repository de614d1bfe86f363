"""Designs of a generalizability study: which facets are crossed, which nested, and the effects that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from valuelex.errors import DataError, SettingError

Effect = frozenset[str]


@dataclass(frozen=True)
class Design:
    """Object of measurement, facets, and for each nested facet what it is nested in.

    `effects` are sets of factors, smallest first; the last one takes the residual with it if cells hold one score.
    """

    object: str
    facets: tuple[str, ...]
    nested: Mapping[str, Effect]

    @property
    def factors(self) -> tuple[str, ...]:
        """Object and facets."""
        return (self.object, *self.facets)

    @property
    def effects(self) -> list[Effect]:
        """Every set of factors that can have a variance component: a nested factor comes with what it is nested in."""
        return [
            frozenset(names)
            for size in range(1, len(self.factors) + 1)
            for names in combinations(self.factors, size)
            if all(self.nested.get(name, frozenset()) <= set(names) for name in names)
        ]

    def label(self, effect: Effect) -> str:
        """Name an effect: "p x i", "r:t", "p x (r:t)"."""
        implied = {above for name in effect for above in self.nested.get(name, frozenset())}
        parts = []
        for name in self.factors:
            if name in effect and name not in implied:
                above = self.nested.get(name, frozenset())
                # Never in the order of a set, which changes from one process to the next.
                chain = [name, *sorted(above, key=lambda f: (-self._depth(f), self.factors.index(f)))]
                parts.append(":".join(chain))
        return " x ".join(f"({part})" if ":" in part and len(parts) > 1 else part for part in parts)

    def _depth(self, name: str) -> int:
        return len(self.nested.get(name, frozenset()))

    def __str__(self) -> str:
        """Text as in Brennan (2001): "person x (rater:task)"."""
        return self.label(frozenset(self.factors))


def make_design(
    frame: pd.DataFrame,
    object: str,
    facets: Sequence[str] | str,
    nested: Mapping[str, str | Sequence[str]] | None,
) -> Design:
    """Check names, and find nesting in the labels: a facet whose every level occurs with one level of another only.

    Raises
    ------
    SettingError
        No facet, a facet named twice, or nesting in something unknown or in itself.
    DataError
        A column is missing.
    """
    names = [facets] if isinstance(facets, str) else list(facets)
    if not names or len({object, *names}) < len(names) + 1:
        raise SettingError(f"facets={names!r} is empty or repeats a name.", "Name each facet once, without the object.")
    factors = (object, *names)
    absent = [name for name in factors if name not in frame.columns]
    if absent:
        raise DataError(
            f"ratings has no column {', '.join(absent)}.", f"It has: {', '.join(map(str, frame.columns[:20]))}."
        )
    found: dict[str, Effect] = {}
    for name, above in (nested or {}).items():
        found[name] = frozenset([above] if isinstance(above, str) else above)
        if name not in names or not found[name] <= set(factors) or name in found[name]:
            raise SettingError(
                f"nested says that {name} lies in {', '.join(sorted(found[name]))}.", "Use facets and the object."
            )
    for name in names:
        if name not in found:
            inside = frozenset(other for other in factors if other != name and _lies_in(frame, name, other))
            if inside:
                found[name] = inside
    return Design(object, tuple(names), found)


def _lies_in(frame: pd.DataFrame, name: str, other: str) -> bool:
    """Whether every level of `name` occurs with one level of `other`, which has fewer."""
    if not 1 < frame[other].nunique() < frame[name].nunique():
        return False
    return bool(frame.groupby(name, observed=True)[other].nunique().max() == 1)
