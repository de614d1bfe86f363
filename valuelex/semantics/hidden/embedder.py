"""An embedder by the hidden states of a small language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from valuelex.errors import ArtifactError, writing
from valuelex.semantics.batches import in_batches
from valuelex.semantics.embed import RememberingEmbedder, open_session, usable_cores, whole_characters
from valuelex.semantics.hidden.decoder import read_gguf
from valuelex.semantics.hidden.graph import MAX_TOKENS
from valuelex.semantics.hidden.quantize import quantized, run
from valuelex.semantics.store import LocalStore, identity
from valuelex.tables import replace_file

VERSION = "5"
"""Of the graph: another one is built anew."""


class HiddenStateEmbedder(RememberingEmbedder):
    """The mean hidden state of a text after some layers beside its last one, standardized, to length one: no torch.

    The graph is built at first use, in 8-bit integers (`quantize`), and kept in `folder`. Ranges of the activations are fixed:
    a vector depends on nothing but its text, to the last bit (`batches`).

    Parameters
    ----------
    name : str
        What tables and reports call the model.
    model : Path
        A GGUF file of the Llama architecture with SmolLM2's tokenizer.
    layers : int
        The layer, counted from 1, after which the states are read.
    samples : callable
        Returns texts like those to come; ranges, means and deviations are theirs. Called when the graph is built.
    samples_key : str
        What changes when the samples do.
    folder : Path
        Where the built graph is kept.
    cache : Path, optional
        Where vectors are kept between runs. None keeps none.
    threads : int, optional
        Batches at the same time; default: the usable cores.
    tell : callable
        Called with one sentence before the graph is built.

    Attributes
    ----------
    made_by : str
        Of model, layers and samples: what makes the vectors.

    Raises
    ------
    ArtifactError
        If the file cannot be read.
    """

    def __init__(
        self,
        name: str,
        *,
        model: Path,
        layers: int,
        samples: Callable[[], Sequence[str]],
        samples_key: str,
        folder: Path,
        cache: Path | None = None,
        threads: int | None = None,
        tell: Callable[[str], None] = lambda message: None,
    ) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.made_by = identity(model, VERSION, str(layers), samples_key)
        super().__init__(
            name, None if cache is None else LocalStore(cache, identity(self.made_by, onnxruntime.__version__))
        )
        self.threads = threads or usable_cores()
        graph = folder / f"{model.stem}-{layers}-layers-{self.made_by[:12]}.onnx"
        words = graph.with_suffix(".tokenizer.json")
        if not (graph.is_file() and words.is_file()):
            tell(f"preparing {name} (once on this machine, about half a minute)")
            _build(graph, words, model, layers, samples())
        try:
            self._tokenizer = Tokenizer.from_file(str(words))
            self._session = open_session(str(graph))
        except Exception as error:  # both libraries raise bare exceptions of their own
            raise ArtifactError(
                f"{graph} or {words.name} cannot be loaded ({str(error).splitlines()[0]}).",
                "Delete both: the next command builds them anew.",
            ) from error

    def _encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        ids = [_ids(self._tokenizer, text) for text in texts]
        return in_batches(ids, lambda batch: run(self._session, batch)[0], self.threads)


def _build(graph: Path, words: Path, model: Path, layers: int, samples: Sequence[str]) -> None:
    """Write the graph and the tokenizer, then rename: another process finds each whole or not at all."""
    decoder, tokenizer = read_gguf(model, layers)
    contents = {
        words: tokenizer.to_str().encode(),
        graph: quantized(decoder, [_ids(tokenizer, text) for text in samples]),
    }
    for path, content in contents.items():
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)


def _ids(tokenizer: Any, text: str) -> list[int]:
    # Some control characters have no token, and there has to be one to take the mean of.
    return list(tokenizer.encode(whole_characters(text)).ids[:MAX_TOKENS] or tokenizer.encode(" ").ids)
