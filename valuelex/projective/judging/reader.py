"""The reader of the embedded judge: hidden states of a small language model, and what the contrasts taught about them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from valuelex.errors import ArtifactError, writing
from valuelex.models import cache_folder, locate, registry
from valuelex.projective.judging.contrasts import MIDDLE, all_contrasts, contrasts, files
from valuelex.projective.judging.ridge import WIDTH, Ridge
from valuelex.resources import find
from valuelex.semantics import Embedder, HiddenStateEmbedder
from valuelex.semantics.store import identity
from valuelex.tables import replace_file

READER = "smollm2-135m-instruct"
"""Id, in the registry, of the language model."""
LAYERS = 15
"""Of 30: stance is told best about the middle; see docs/validation.md."""
CONTRAST_RIDGE = 0.3
"""Ridge of the regression on contrasts alone."""
SAMPLE_EVERY = 12
"""Every so many of the first file's contrasts is a sample of the texts that the model will meet."""


@dataclass(frozen=True)
class Learnt:
    """What the contrasts taught.

    Attributes
    ----------
    ridge : Ridge
    level : array of int, shape (n,)
        Of the contrasts, in their order; 0 .. 6.
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
    tell : callable
        Called with one sentence before the contrasts are read.
    """

    def __init__(
        self,
        embedder: Embedder,
        *,
        made_by: str = "",
        folder: Path | None = None,
        tell: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.name = embedder.name
        self.encode = embedder.encode
        self._made_by, self._folder, self._tell = made_by, folder, tell

    @cached_property
    def learnt(self) -> Learnt:
        """Learnt at first use, and again when a contrast or a setting changes."""
        if self._folder is None:
            return self._learn()
        # "completions": what is learnt from, which the files do not tell; sentences are their other form.
        settings = f"completions {WIDTH} {CONTRAST_RIDGE} {MIDDLE}"
        path = self._folder / f"stance-{identity(self._made_by, settings, *files())[:16]}.npz"
        try:
            with np.load(path) as kept:
                ridge = Ridge(kept["vectors"], kept["coefficients"], MIDDLE, kept["left_out"])
                return Learnt(ridge, kept["level"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # not there, or not whole
            found = self._learn()
        ridge = found.ridge
        kept_as = io.BytesIO()
        np.savez(
            kept_as,
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
        level = np.array([row.level for row in rows])
        ridge = Ridge.fit(
            self.encode([row.text for row in rows]),
            level.astype(float),
            np.array([row.weight for row in rows]),
            ridge=CONTRAST_RIDGE,
            middle=MIDDLE,
            groups=np.unique([row.group for row in rows], return_inverse=True)[1],
        )
        return Learnt(ridge, level)


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
        embedder = HiddenStateEmbedder(
            f"{READER}, layer {LAYERS}",
            model=model,
            layers=LAYERS,
            samples=lambda: [example.text for example in contrasts()[::SAMPLE_EVERY]],
            samples_key=identity(str(SAMPLE_EVERY), find("manuals", "contrasts.yaml")),
            folder=folder,
            cache=folder / "embeddings.sqlite",
            tell=tell,
        )
        _open[folder, model] = StanceReader(embedder, made_by=embedder.made_by, folder=folder, tell=tell)
    return _open[folder, model]
