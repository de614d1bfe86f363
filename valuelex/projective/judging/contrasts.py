"""Contrasts: one stem, opposite completions. What they have in common is neither topic nor tone nor length, but stance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from valuelex.projective.text import sentence
from valuelex.resources import find
from valuelex.tables import load_yaml

MIDDLE = 3.0
"""The indifferent level, which a text unlike any example gets."""


@dataclass(frozen=True)
class Example:
    """A text whose level is known.

    Attributes
    ----------
    text : str
    level : int
        0 .. 6.
    weight : float
        Of a contrast, its file's: files of ordinary answers weigh 1, the others less (docs/validation.md).
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
    return tuple(_read("contrasts.yaml", sentence))


@cache
def all_contrasts() -> tuple[Example, ...]:
    """Return the completions of all files, without their stems, as the judge reads them.

    Further ones help hidden states, not embeddings.
    """
    return tuple(example for path in files() for example in _read(path.name, lambda stem, text: text))


def files() -> list[Path]:
    """Return the packaged files of contrasts, by name."""
    return sorted(find("manuals", "contrasts.yaml").parent.glob("contrasts*.yaml"))


def _read(name: str, form: Callable[[str, str], str]) -> Iterator[Example]:
    file = load_yaml(find("manuals", name))
    for number, entry in enumerate(file["contrasts"]):
        for level, text in entry["completions"].items():
            yield Example(form(entry["stem"], text), int(level), float(file["weight"]), f"{name} {number}")
