"""Contrasts: one stem, opposite completions. What they have in common is neither topic nor tone nor length, but stance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from weakref import WeakKeyDictionary

import numpy as np

from valuelex.projective.judging.ridge import Ridge
from valuelex.projective.text import sentence
from valuelex.resources import find
from valuelex.semantics import Embedder
from valuelex.tables import load_yaml

MIDDLE = 3.0
"""The indifferent level, which a text unlike any example gets."""
CONTRAST_RIDGE = 0.3
"""Ridge of the regression on contrasts alone."""
SAMPLE_EVERY = 12
"""Every so many of the first file's contrasts is a sample of the texts that a reader will meet."""


@dataclass(frozen=True)
class Example:
    """A text whose level is known.

    Attributes
    ----------
    text : str
    level : int
        0 .. 6.
    weight : float
    group : str
        Examples of the same group are left out together: completions of one stem, fillings of one template.
    """

    text: str
    level: int
    weight: float
    group: str


@cache
def contrasts() -> tuple[Example, ...]:
    """Return the packaged contrasts of instruments/manuals/contrasts.yaml, each stem and completion as one sentence."""
    return _read("contrasts.yaml")


@cache
def all_contrasts() -> tuple[Example, ...]:
    """Return the packaged contrasts of all files. Further ones help hidden states, not embeddings."""
    names = sorted(path.name for path in find("manuals", "contrasts.yaml").parent.glob("contrasts*.yaml"))
    return tuple(example for name in names for example in _read(name))


def samples() -> list[str]:
    """Return texts like those that a reader meets."""
    return [example.text for example in contrasts()[::SAMPLE_EVERY]]


def _read(name: str) -> tuple[Example, ...]:
    return tuple(
        Example(sentence(entry["stem"], text), int(level), 1.0, f"{name} {number}")
        for number, entry in enumerate(load_yaml(find("manuals", name))["contrasts"])
        for level, text in entry["completions"].items()
    )


_learnt: WeakKeyDictionary[Embedder, Ridge] = WeakKeyDictionary()


def learnt_from_contrasts(reader: Embedder) -> Ridge:
    """Return the regression of levels on all contrasts: the same for every manual, so learnt once for a reader."""
    if reader not in _learnt:
        _learnt[reader] = learn(all_contrasts(), reader)
    return _learnt[reader]


def learn(rows: Sequence[Example], reader: Embedder) -> Ridge:
    """Return the regression of the examples' levels on the vectors of their texts."""
    return Ridge.fit(
        reader.encode([row.text for row in rows]),
        np.array([row.level for row in rows], dtype=float),
        np.array([row.weight for row in rows]),
        ridge=CONTRAST_RIDGE,
        middle=MIDDLE,
        groups=np.unique([row.group for row in rows], return_inverse=True)[1],
    )
