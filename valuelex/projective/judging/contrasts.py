"""Contrasts: one stem, opposite completions. What they have in common is neither topic nor tone nor length, but stance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from valuelex.projective.text import bare, sentence
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
    stem : str
        What the text completes; empty for one that stands by itself.
    """

    text: str
    level: int
    weight: float
    group: str
    stem: str = ""


@cache
def contrasts() -> tuple[Example, ...]:
    """Return the packaged contrasts of instruments/manuals/contrasts.yaml, each stem and completion as one sentence."""
    return tuple(
        replace(example, text=sentence(example.stem, example.text), stem="") for example in _read("contrasts.yaml")
    )


@cache
def all_contrasts() -> tuple[Example, ...]:
    """Return the contrasts of all files, each a completion and its stem. Further ones help hidden states, not embeddings."""
    return tuple(example for path in files() for example in _read(path.name))


def files() -> list[Path]:
    """Return the packaged files of contrasts, by name."""
    return sorted(find("manuals", "contrasts.yaml").parent.glob("contrasts*.yaml"))


def _read(name: str) -> Iterator[Example]:
    file = load_yaml(find("manuals", name))
    for number, entry in enumerate(file["contrasts"]):
        for level, text in entry["completions"].items():
            yield Example(text, int(level), float(file["weight"]), f"{name} {number}", bare(entry["stem"]))
