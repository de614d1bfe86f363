"""Embeddings of words and sentences, unit length, so that a dot product is a cosine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from valuelex.errors import ArtifactError, MissingExtra
from valuelex.semantics.batches import in_batches
from valuelex.semantics.store import LocalStore, Store, identity


class Embedder(Protocol):
    """Anything that turns texts into vectors."""

    name: str

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return an array of len(texts) x dimensions, rows of length one."""
        ...


class Memory:
    """Vectors by key: what was made once is remembered, and kept where there is a store.

    Parameters
    ----------
    store : Store, optional
        Where vectors are kept between runs; None keeps none.
    """

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._known: dict[str, np.ndarray] = {}

    def recall(self, keys: Sequence[str], make: Callable[[list[str]], Sequence[np.ndarray]]) -> list[np.ndarray]:
        """Return the vector of each key; `make` is called once, with the keys that have none, each once."""
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        if new and self._store is not None:
            self._known |= self._store.read(new)
            new = [key for key in new if key not in self._known]
        if new:
            made = dict(zip(new, make(new), strict=True))
            self._known |= made
            if self._store is not None:
                self._store.write(made)
        return [self._known[key] for key in keys]


class OnnxEmbedder:
    """A sentence-embedding model run by onnxruntime: no torch.

    A vector depends on nothing but its text, to the last bit (`batches`).

    Parameters
    ----------
    name : str
        What tables and reports call the model.
    model, tokenizer : Path
        The ONNX file and the ``tokenizer.json`` that belongs to it.
    max_tokens : int
        Longer texts are cut off here.
    threads : int, optional
        Batches at the same time; default: the usable cores. It moves no bit of a vector.
    cache : Path, optional
        Where vectors are kept between runs, addressed by the content of both files, the version of onnxruntime, and the text.
        None keeps none.

    Raises
    ------
    ArtifactError
        If a file cannot be loaded.
    """

    def __init__(
        self,
        name: str,
        *,
        model: Path,
        tokenizer: Path,
        max_tokens: int = 256,
        threads: int | None = None,
        cache: Path | None = None,
    ) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.name = name
        self.threads = threads or usable_cores()
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            self._session = open_session(str(model))
        except Exception as error:  # both libraries raise bare exceptions of their own
            raise ArtifactError(
                f"The embedding model {name} cannot be loaded ({str(error).splitlines()[0]}).",
                f"Delete {model} and {tokenizer} and run the command again to fetch them anew.",
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self._inputs = {node.name for node in self._session.get_inputs()}
        store = None
        if cache is not None:
            store = LocalStore(cache, identity(model, tokenizer, str(max_tokens), onnxruntime.__version__))
        self._memory = Memory(store)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return an array of len(texts) x dimensions, rows of length one; a text is encoded once and remembered."""
        if not len(texts):
            return np.empty((0, 0))
        rows = np.vstack(self._memory.recall(texts, self._encode)).astype(np.float64)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))

    def _encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        ids = [self._tokenizer.encode(whole_characters(text)).ids for text in texts]
        return in_batches(ids, self._run, self.threads)

    def _run(self, ids: np.ndarray) -> np.ndarray:
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        hidden: np.ndarray = self._session.run(None, {k: v for k, v in feed.items() if k in self._inputs})[0]
        return hidden.mean(axis=1) if hidden.ndim == 3 else hidden  # mean pooling over the tokens


class SentenceTransformerEmbedder:
    """Any model of the sentence-transformers library, by hub name or folder.

    Raises
    ------
    MissingExtra
        If sentence-transformers is not installed.
    ArtifactError
        If the model cannot be loaded.
    """

    def __init__(self, model: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtra(
                "sentence-transformers", "sentence-transformers", f"The embedding model {model}"
            ) from error
        try:
            self._model = SentenceTransformer(model, device="cpu")
        except Exception as error:  # the library raises OSError, ValueError and its own kinds
            raise ArtifactError(
                f"The embedding model {model} cannot be loaded ({str(error).splitlines()[0]}).",
                "Give the name of a model on the hub that this machine can reach, or a folder that holds one.",
            ) from error
        self.name = f"sentence-transformers:{model}"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return an array of len(texts) x dimensions, rows of length one."""
        vectors = self._model.encode(list(texts), normalize_embeddings=True, batch_size=1, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float64)


def whole_characters(text: str) -> str:
    """Replace halves of surrogate pairs, which cut-off answers of models hold and no tokenizer takes, by question marks."""
    return text.encode("utf-8", "replace").decode()


def open_session(model: bytes | str) -> Any:
    """Return an onnxruntime session, of one thread, of a serialized graph or the path of one."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
