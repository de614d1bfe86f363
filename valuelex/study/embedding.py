"""The embedder of a study, by the name that the study file gives it."""

from __future__ import annotations

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


BOUGHT = "bought-embeddings.jsonl"
"""In the results folder: paid-for vectors are the study's own, like its ledger of calls."""


def open_embedder(
    name: str, tell: Tell, folder: Path = Path(), *, results: Path | None = None, replay: bool = False
) -> Embedder:
    """Return the embedder of that name.

    - a registered id (the default model);
    - ``sentence-transformers:NAME``: any model of that library, by hub name or folder;
    - ``precomputed:FILE``: vectors from a CSV or Parquet file with a column `word`; the path counts from `folder`;
    - ``endpoint:BASE_URL?model=NAME&api_key_env=VARIABLE``: an endpoint that speaks the OpenAI protocol. Vectors that were
      bought are kept in ``bought-embeddings.jsonl`` in `results` (default: `folder`).

    With `replay` nothing is bought and no key is needed: what is not kept is an error.

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
    if library == "endpoint" and rest:
        return _endpoint(rest, results or folder, key=not replay, buy=not replay)
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
        _endpoint(rest, folder, key=key)
    elif not rest:
        registry().embedding(name)


_opened: dict[tuple[Path, str], Embedder] = {}


def _open(name: str, tell: Tell) -> Embedder:
    """Open a model once a process, whoever listens: one for each study would hold the weights as many times."""
    library, _, rest = name.partition(":")
    if library == "sentence-transformers" and rest:
        key = Path(), name
        if key not in _opened:
            _opened[key] = SentenceTransformerEmbedder(rest)
        return _opened[key]
    files = embedding_files(name, tell=tell)
    key = files["model"], name
    if key not in _opened:
        _opened[key] = OnnxEmbedder(
            name,
            model=files["model"],
            tokenizer=files["tokenizer"],
            max_tokens=registry().embedding(name).max_tokens,
            cache=cache_folder() / "embeddings.sqlite",
        )
    return _opened[key]


def for_sentences(name: str) -> str:
    """The embedding that encodes sentences and words outside the lexicon: the same, or the default for a table of words."""
    return DEFAULT if name.partition(":")[0] == PRECOMPUTED else name


def precomputed_file(name: str) -> str | None:
    """The file of vectors that an embedding's name holds, relative to the study file."""
    library, _, rest = name.partition(":")
    return rest if library == PRECOMPUTED and rest else None


def key_variable(name: str) -> str | None:
    """The variable of an endpoint's key that an embedding's name holds."""
    library, _, rest = name.partition(":")
    found = parse_qs(urlsplit(rest).query).get("api_key_env") if library == "endpoint" else None
    return found[-1] if found else None


def _endpoint(address: str, results: Path, *, key: bool = True, buy: bool = True) -> Embedder:
    parts = urlsplit(address)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    unknown = set(options) - {"model", "api_key_env"}
    if not parts.scheme or not options.get("model") or unknown:
        from valuelex.study.freeze import without_secrets

        shown = without_secrets(address) if "://" in address else address
        raise SettingError(
            f"The embedding 'endpoint:{shown}' names no address or no model, or something else ({sorted(unknown)}).",
            "Write endpoint:BASE_URL?model=NAME, and &api_key_env=VARIABLE where a key is needed.",
        )
    if "@" in parts.netloc:
        raise SettingError(
            "The address of the embedding holds a user name or password, and is written into results.",
            "Name the variable of the key: endpoint:BASE_URL?model=NAME&api_key_env=VARIABLE.",
        )
    variable = options.get("api_key_env")
    return EndpointEmbedder(
        parts._replace(query="").geturl(),
        options["model"],
        store=results / BOUGHT,
        api_key=key_from_environment(variable) if key else None,
        key_name=variable,
        buy=buy,
    )
