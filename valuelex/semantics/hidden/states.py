"""What a small language model makes of a text that it reads after another one: its hidden states."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from valuelex.errors import ArtifactError, writing
from valuelex.semantics.batches import in_batches
from valuelex.semantics.embed import Memory, open_session, usable_cores, whole_characters
from valuelex.semantics.hidden.decoder import read_gguf
from valuelex.semantics.hidden.graph import MAX_TOKENS
from valuelex.semantics.hidden.quantize import quantized, run
from valuelex.semantics.store import LocalStore, identity
from valuelex.tables import replace_file

VERSION = "6"
"""Of the graph, and of what is read off it: another one is built anew."""
MOST_BEFORE = MAX_TOKENS // 2
"""Of what stands before a text, so many tokens are read: the last ones."""
NO_SPACE_BEFORE = frozenset(",;:.!?)'’")
"""A text that begins so goes on without a space: "I" + "'m sure"."""


class Passage(NamedTuple):
    """A text, and what the model reads before it: that is understood, and not told of. It may be empty."""

    before: str
    text: str


class HiddenStates:
    """Of a text, the mean of its tokens' states after some layers, and the last one's: no torch.

    The graph is built at first use, in 8-bit integers (`quantize`), and kept in `folder`. Ranges of the activations are fixed:
    a vector depends on nothing but its passage, to the last bit (`batches`).

    Parameters
    ----------
    name : str
        What tables and reports call the model.
    model : Path
        A GGUF file of the Llama architecture with SmolLM2's tokenizer.
    layers : int
        The layer, counted from 1, after which the states are read.
    samples : callable
        Returns texts like those to come; ranges are theirs. Called when the graph is built.
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
        self.name = name
        self._memory = Memory(
            None if cache is None else LocalStore(cache, identity(self.made_by, onnxruntime.__version__))
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

    def read(self, passages: Sequence[Passage]) -> np.ndarray:
        """Return an array of len(passages) x 2 width: the mean of the states of each text's tokens, then the last of them."""
        by_key = {json.dumps(passage): passage for passage in passages}
        found = self._memory.recall(list(by_key), lambda keys: self._read([by_key[key] for key in keys]))
        rows = dict(zip(by_key.values(), found, strict=True))
        return np.vstack([rows[passage] for passage in passages]) if passages else np.empty((0, 0), dtype=np.float32)

    def _read(self, passages: Sequence[Passage]) -> list[np.ndarray]:
        ids, begins = [], []
        for passage in passages:
            before = _ids(self._tokenizer, passage.before)[-MOST_BEFORE:] if passage.before else []
            # A word in the middle of a text has its space before it; some control characters have no token at all, and there
            # has to be one to take the mean of.
            gap = " " if before and passage.text[:1] not in NO_SPACE_BEFORE else ""
            own = _ids(self._tokenizer, gap + passage.text) or _ids(self._tokenizer, " ")
            ids.append((before + own)[:MAX_TOKENS])
            begins.append(len(before))

        def summary(number: int, states: np.ndarray) -> np.ndarray:
            own = states[begins[number] :]
            return np.concatenate([own.mean(axis=0), own[-1]])

        return in_batches(ids, lambda batch: run(self._session, batch)[0], self.threads, summary)


def _build(graph: Path, words: Path, model: Path, layers: int, samples: Sequence[str]) -> None:
    """Write the graph and the tokenizer, then rename: another process finds each whole or not at all."""
    decoder, tokenizer = read_gguf(model, layers)
    contents = {
        words: tokenizer.to_str().encode(),
        graph: quantized(decoder, [_ids(tokenizer, text)[:MAX_TOKENS] for text in samples]),
    }
    for path, content in contents.items():
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer.encode(whole_characters(text)).ids)
