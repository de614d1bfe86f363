"""The reader of the embedded judge: hidden states of a small language model, and what the contrasts taught about them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np

from valuelex.errors import ArtifactError, writing
from valuelex.models import cache_folder, locate, registry
from valuelex.projective.judging.contrasts import MIDDLE, all_contrasts, contrasts, files
from valuelex.projective.judging.ridge import WIDTH, Ridge
from valuelex.projective.text import SHOUTING, in_plain_form
from valuelex.resources import find
from valuelex.semantics import Embedder, HiddenStates, Passage
from valuelex.semantics.store import identity
from valuelex.tables import replace_file

READER = "smollm2-135m-instruct"
"""Id, in the registry, of the language model."""
LAYERS = 15
"""Of 30: stance is told best about the middle; see docs/validation.md."""
CONTRAST_RIDGE = 0.3
"""Ridge of the regression on contrasts alone."""
LAST_WEIGHT = 0.5
"""Weight of a text's last state beside the mean of all: it has read everything, and tells mostly of the end."""
LEAST_SPREAD = 1e-3
"""Least deviation that is divided by."""
SAMPLE_EVERY = 12
"""Every so many of the first file's contrasts is a sample of the texts that the model will meet."""


class States(Protocol):
    """What reads passages: `HiddenStates`."""

    name: str

    def read(self, passages: Sequence[Passage]) -> np.ndarray:
        """Return one row for each passage: the mean state of its text, then the last."""
        ...


@dataclass(frozen=True)
class Learnt:
    """What the contrasts taught.

    Attributes
    ----------
    center, spread : array, shape (d,)
        What rows are standardized by: means and deviations of the contrasts.
    ridge : Ridge
    level : array of int, shape (n,)
        Of the contrasts, in their order; 0 .. 6.
    """

    center: np.ndarray
    spread: np.ndarray
    ridge: Ridge
    level: np.ndarray

    def standardized(self, rows: np.ndarray) -> np.ndarray:
        """Return rows standardized, the last state's half with `LAST_WEIGHT`, and brought to length one."""
        return _unit(rows, self.center, self.spread)


class Reader(Protocol):
    """Reads what examples and completions say, as unit rows."""

    name: str

    @property
    def learnt(self) -> Learnt | None:
        """What it knows of stance before it has seen a manual."""
        ...

    def read(self, passages: Sequence[Passage]) -> np.ndarray:
        """Return one row of length one for each passage."""
        ...


class EmbeddingReader:
    """Sentence embeddings, which read each text by itself. They know too little of stance to learn the contrasts in advance."""

    learnt = None

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self._embedder = embedder

    def read(self, passages: Sequence[Passage]) -> np.ndarray:
        """Return one row of length one for each passage."""
        return self._embedder.encode([passage.text for passage in passages])


class StanceReader:
    """Hidden states, and the regression of levels on them that all contrasts taught, the same for every manual.

    Parameters
    ----------
    states : States
        The hidden states of a language model.
    made_by : str
        What made the states; another string has learnt nothing yet.
    folder : Path, optional
        Where the regression is kept between runs. None keeps nothing.
    tell : callable
        Called with one sentence before the contrasts are read.
    """

    def __init__(
        self,
        states: States,
        *,
        made_by: str = "",
        folder: Path | None = None,
        tell: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.name = states.name
        self._states = states
        self._made_by, self._folder, self._tell = made_by, folder, tell

    def read(self, passages: Sequence[Passage]) -> np.ndarray:
        """Return one row of length one for each passage; its text is read `in_plain_form`, as contrasts are."""
        return self.learnt.standardized(self._states.read([_plain(passage) for passage in passages]))

    @cached_property
    def learnt(self) -> Learnt:
        """Learnt at first use, and again when a contrast or a setting changes."""
        if self._folder is None:
            return self._learn()
        settings = f"in context, plain form 2 {SHOUTING} {WIDTH} {CONTRAST_RIDGE} {MIDDLE} {LAST_WEIGHT} {LEAST_SPREAD}"
        path = self._folder / f"stance-{identity(self._made_by, settings, *files())[:16]}.npz"
        try:
            with np.load(path) as kept:
                ridge = Ridge(kept["vectors"], kept["coefficients"], MIDDLE, kept["left_out"])
                return Learnt(kept["center"], kept["spread"], ridge, kept["level"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # not there, or not whole
            found = self._learn()
        ridge = found.ridge
        kept_as = io.BytesIO()
        np.savez(
            kept_as,
            center=found.center,
            spread=found.spread,
            vectors=ridge.vectors,
            coefficients=ridge.coefficients,
            left_out=ridge.left_out,
            level=found.level,
        )
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, kept_as.getvalue())
        return found

    def _learn(self) -> Learnt:
        rows = all_contrasts()
        self._tell(f"{self.name} reads {len(rows):,} contrasts (once on this machine, one to two minutes)")
        states = self._states.read([_plain(Passage(row.stem, row.text)) for row in rows])
        center, spread = states.mean(axis=0), np.maximum(states.std(axis=0), LEAST_SPREAD)
        level = np.array([row.level for row in rows])
        ridge = Ridge.fit(
            _unit(states, center, spread),
            level.astype(float),
            np.array([row.weight for row in rows]),
            ridge=CONTRAST_RIDGE,
            middle=MIDDLE,
            groups=np.unique([row.group for row in rows], return_inverse=True)[1],
        )
        return Learnt(center, spread, ridge, level)


def _plain(passage: Passage) -> Passage:
    return Passage(passage.before, in_plain_form(passage.text, passage.before))


def _unit(rows: np.ndarray, center: np.ndarray, spread: np.ndarray) -> np.ndarray:
    out = np.asarray((rows - center) / spread, dtype=np.float64)
    out[:, out.shape[1] // 2 :] *= np.sqrt(LAST_WEIGHT)
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True))


def reader_family() -> str | None:
    """Return the family of the language model whose states are read: a judged model may be of it."""
    entry = registry().model(READER)
    return None if entry is None else entry.family


_open: dict[tuple[Path, Path], StanceReader] = {}


def open_reader(tell: Callable[[str], None]) -> StanceReader:
    """Return the packaged reader; it is prepared at first use on a machine, then kept in the cache folder.

    Parameters
    ----------
    tell : callable
        Called with one sentence before each thing that takes long.

    Raises
    ------
    ArtifactError
        If the model's file cannot be had.
    """
    entry = registry().model(READER)
    if entry is None or entry.artifact is None:
        raise ArtifactError(f"The registry holds no file of {READER}.", "Install valuelex again.")
    folder, model = cache_folder(), locate(entry.artifact, tell=tell)
    if (folder, model) not in _open:
        states = HiddenStates(
            f"{READER}, layer {LAYERS}",
            model=model,
            layers=LAYERS,
            samples=lambda: [example.text for example in contrasts()[::SAMPLE_EVERY]],
            samples_key=identity(str(SAMPLE_EVERY), find("manuals", "contrasts.yaml")),
            folder=folder,
            cache=folder / "embeddings.sqlite",
            tell=tell,
        )
        _open[folder, model] = StanceReader(states, made_by=states.made_by, folder=folder, tell=tell)
    return _open[folder, model]
