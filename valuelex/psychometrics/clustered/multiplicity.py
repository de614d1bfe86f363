"""p values of a family of tests, adjusted: Holm for the chance of any false one, Benjamini and Hochberg for their share."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Return p values adjusted by Holm's (1979) step-down rule; missing ones stay missing and do not count."""
    # Not by statsmodels: its function collects all garbage at every call, which takes longer than all the rest of a comparison.
    known = _ascending(p)
    out: list[float | None] = [None] * len(p)
    largest = 0.0
    for rank, (i, value) in enumerate(known):
        out[i] = largest = min(1.0, max(largest, value * (len(known) - rank)))
    return out


def benjamini_hochberg(p: Sequence[float | None]) -> list[float | None]:
    """Return p values adjusted by Benjamini & Hochberg's (1995) step-up rule; missing ones stay missing and do not count."""
    known = _ascending(p)
    out: list[float | None] = [None] * len(p)
    smallest = 1.0
    for rank in range(len(known), 0, -1):
        i, value = known[rank - 1]
        out[i] = smallest = min(smallest, value * len(known) / rank)
    return out


def _ascending(p: Sequence[float | None]) -> list[tuple[int, float]]:
    return sorted(((i, value) for i, value in enumerate(p) if value is not None), key=lambda pair: pair[1])
