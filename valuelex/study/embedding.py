"""The embedder of a study: a registered model run by onnxruntime, or any model of sentence-transformers."""

from __future__ import annotations

from functools import cache

from valuelex.models import embedding_files, registry
from valuelex.models.artifacts import Tell
from valuelex.semantics import Embedder, OnnxEmbedder, SentenceTransformerEmbedder


@cache
def open_embedder(name: str, tell: Tell) -> Embedder:
    """Return the embedder of that name: a registered id, or ``sentence-transformers:NAME`` (hub name or folder).

    Raises
    ------
    RegistryError
        For an unknown id.
    MissingExtra
        If sentence-transformers is asked for and not installed.
    """
    library, _, model = name.partition(":")
    if library == "sentence-transformers" and model:
        return SentenceTransformerEmbedder(model)
    files = embedding_files(name, tell=tell)
    return OnnxEmbedder(
        name, model=files["model"], tokenizer=files["tokenizer"], max_tokens=registry().embedding(name).max_tokens
    )
