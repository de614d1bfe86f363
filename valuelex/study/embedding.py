"""The embedder of a study, by the name that the study file gives it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from valuelex.errors import SettingError
from valuelex.models import cache_folder, embedding_files, key_from_environment, registry
from valuelex.models.artifacts import Tell
from valuelex.semantics import (
    Embedder,
    EndpointEmbedder,
    OnnxEmbedder,
    PrecomputedEmbedder,
    SentenceTransformerEmbedder,
)

DEFAULT = "all-minilm-l6-v2"

PRECOMPUTED = "precomputed"


def open_embedder(name: str, tell: Tell, folder: Path = Path()) -> Embedder:
    """Return the embedder of that name.

    - a registered id (the default model);
    - ``sentence-transformers:NAME``: any model of that library, by hub name or folder;
    - ``precomputed:FILE``: vectors from a CSV or Parquet file with a column `word`; the path counts from `folder`;
    - ``endpoint:BASE_URL?model=NAME&api_key_env=VARIABLE``: an endpoint that speaks the OpenAI protocol. Vectors that were
      bought are kept in ``bought-embeddings.jsonl`` in the cache folder (`$VALUELEX_CACHE`).

    Raises
    ------
    RegistryError
        For an unknown id.
    MissingExtra
        If sentence-transformers is asked for and not installed.
    SettingError
        For an endpoint without a model.
    EndpointError
        If the variable of its key is not set.
    """
    library, _, rest = name.partition(":")
    if library == PRECOMPUTED and rest:
        return PrecomputedEmbedder.from_file(folder / rest)  # never kept: the file may change
    return _open(name, tell)


def check_embedding(name: str, folder: Path, *, key: bool = True) -> None:
    """Refuse a name that `open_embedder` could not use, as far as that can be said without loading a model.

    Parameters
    ----------
    name, folder
        As for `open_embedder`.
    key : bool
        Whether the variable of an endpoint's key has to be set by now.

    Raises
    ------
    BadInput
        As `open_embedder` does.
    """
    library, _, rest = name.partition(":")
    if library == PRECOMPUTED and rest:
        PrecomputedEmbedder.from_file(folder / rest)
    elif library == "endpoint" and rest:
        _endpoint(rest, key=key)
    elif not rest:
        registry().embedding(name)


@cache
def _open(name: str, tell: Tell) -> Embedder:
    library, _, rest = name.partition(":")
    if library == "sentence-transformers" and rest:
        return SentenceTransformerEmbedder(rest)
    if library == "endpoint" and rest:
        return _endpoint(rest)
    files = embedding_files(name, tell=tell)
    return OnnxEmbedder(
        name,
        model=files["model"],
        tokenizer=files["tokenizer"],
        max_tokens=registry().embedding(name).max_tokens,
        cache=cache_folder() / "embeddings.sqlite",
    )


def for_sentences(name: str) -> str:
    """The embedding that encodes sentences and words outside the lexicon: the same, or the default for a table of words."""
    return DEFAULT if name.partition(":")[0] == PRECOMPUTED else name


def _endpoint(address: str, *, key: bool = True) -> Embedder:
    parts = urlsplit(address)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    unknown = set(options) - {"model", "api_key_env"}
    if not parts.scheme or not options.get("model") or unknown:
        raise SettingError(
            f"The embedding 'endpoint:{address}' names no address or no model, or something else ({sorted(unknown)}).",
            "Write endpoint:BASE_URL?model=NAME, and &api_key_env=VARIABLE where a key is needed.",
        )
    variable = options.get("api_key_env")
    return EndpointEmbedder(
        parts._replace(query="").geturl(),
        options["model"],
        store=cache_folder() / "bought-embeddings.jsonl",
        api_key=key_from_environment(variable) if key else None,
        key_name=variable,
    )
