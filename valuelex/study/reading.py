"""The reader of the embedded judge: what tells the stance of a sentence."""

from __future__ import annotations

from functools import cache

from valuelex import projective
from valuelex.errors import ArtifactError
from valuelex.models import cache_folder, locate, registry
from valuelex.models.artifacts import Tell
from valuelex.semantics import HiddenStateEmbedder

READER = "smollm2-135m-instruct"
LAYERS = 15
"""Of 30: stance is told best about the middle; see docs/validation.md."""


@cache
def open_reader(tell: Tell) -> projective.StanceReader:
    """Return the packaged reader; it is prepared at first use on a machine, then kept in the cache folder.

    Raises
    ------
    ArtifactError
        If the model's file cannot be had.
    """
    entry = registry().model(READER)
    if entry is None or entry.artifact is None:
        raise ArtifactError(f"The registry holds no file of {READER}.", "Install valuelex again.")
    embedder = HiddenStateEmbedder(
        f"{READER}, layer {LAYERS}",
        model=locate(entry.artifact, tell=tell),
        layers=LAYERS,
        samples=projective.samples,
        samples_key=projective.samples_key(),
        folder=cache_folder(),
        cache=cache_folder() / "embeddings.sqlite",
        tell=tell,
    )
    return projective.StanceReader(embedder, made_by=embedder.made_by, folder=cache_folder())
