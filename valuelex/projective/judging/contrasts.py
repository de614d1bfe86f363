"""Contrasts: one stem, opposite completions. What they have in common is neither topic nor tone nor length, but stance."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from valuelex.errors import writing
from valuelex.projective.judging.ridge import WIDTH, Ridge
from valuelex.projective.text import sentence
from valuelex.resources import find
from valuelex.semantics import Embedder
from valuelex.semantics.store import identity
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
    return tuple(example for path in _files() for example in _read(path.name))


def samples() -> list[str]:
    """Return texts like those that a reader meets."""
    return [example.text for example in contrasts()[::SAMPLE_EVERY]]


def samples_key() -> str:
    """Return what changes when the samples do."""
    return identity(str(SAMPLE_EVERY), find("manuals", "contrasts.yaml"))


def _files() -> list[Path]:
    return sorted(find("manuals", "contrasts.yaml").parent.glob("contrasts*.yaml"))


def _read(name: str) -> tuple[Example, ...]:
    return tuple(
        Example(sentence(entry["stem"], text), int(level), 1.0, f"{name} {number}")
        for number, entry in enumerate(load_yaml(find("manuals", name))["contrasts"])
        for level, text in entry["completions"].items()
    )


@dataclass(frozen=True)
class Learnt:
    """What the contrasts taught.

    Attributes
    ----------
    ridge : Ridge
    level : array of int, shape (n,)
        Of the contrasts, in their order.
    """

    ridge: Ridge
    level: np.ndarray


class StanceReader:
    """Reads stance: texts as vectors, and the regression of levels that all contrasts taught it, the same for every manual.

    Parameters
    ----------
    embedder : Embedder
        The hidden states of a language model.
    made_by : str
        What made the vectors; another string has learnt nothing yet.
    folder : Path, optional
        Where the regression is kept between runs. None keeps nothing.
    """

    def __init__(self, embedder: Embedder, *, made_by: str = "", folder: Path | None = None) -> None:
        self.name = embedder.name
        self.encode = embedder.encode
        self._made_by, self._folder = made_by, folder

    @cached_property
    def learnt(self) -> Learnt:
        """Learnt at first use; the contrasts take a minute to read, and are read again when one of them changes."""
        if self._folder is None:
            return self._learn()
        settings = f"{WIDTH} {CONTRAST_RIDGE} {MIDDLE}"
        path = self._folder / f"stance-{identity(self._made_by, settings, *_files())[:16]}.npz"
        try:
            with np.load(path) as kept:
                ridge = Ridge(kept["vectors"], kept["coefficients"], MIDDLE, kept["left_out"])
                return Learnt(ridge, kept["level"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            found = self._learn()  # not there, or not whole
        ridge = found.ridge
        unfinished = path.with_suffix(f".{os.getpid()}.npz")
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(
                unfinished,
                vectors=ridge.vectors,
                coefficients=ridge.coefficients,
                left_out=ridge.left_out,
                level=found.level,
            )
            unfinished.replace(path)
        return found

    def _learn(self) -> Learnt:
        rows = all_contrasts()
        level = np.array([row.level for row in rows])
        ridge = Ridge.fit(
            self.encode([row.text for row in rows]),
            level.astype(float),
            np.ones(len(rows)),
            ridge=CONTRAST_RIDGE,
            middle=MIDDLE,
            groups=np.unique([row.group for row in rows], return_inverse=True)[1],
        )
        return Learnt(ridge, level)
