"""The weights of a decoder's first layers, read from a GGUF file, and its tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from valuelex.errors import ArtifactError

PER_LAYER = ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down")

SEPARATOR = "<|endoftext|>"
"""What stood in front of every document in training, and draws attention as the first token."""


@dataclass(frozen=True)
class Decoder:
    """The first layers of a model of the Llama architecture.

    Attributes
    ----------
    embedding : array, shape (tokens, width)
    layers : list of dict
        `PER_LAYER` -> array; matrices as outputs x inputs.
    heads, kv_heads : int
        Of queries, and of keys and values.
    rope_base, epsilon : float
        Of the rotary positions and of the norms.
    sink : int
        The token in front of every text.
    """

    embedding: np.ndarray
    layers: list[dict[str, np.ndarray]]
    heads: int
    kv_heads: int
    rope_base: float
    epsilon: float
    sink: int

    @property
    def width(self) -> int:
        """Length of a hidden state."""
        return int(self.embedding.shape[1])

    @property
    def head_width(self) -> int:
        """Length of one head's queries, keys and values."""
        return self.width // self.heads


def read_gguf(path: Path, n_layers: int) -> tuple[Decoder, Any]:
    """Read the first `n_layers` layers of a GGUF file, and its tokenizer as a `tokenizers.Tokenizer`.

    Quantized weights are turned into 32-bit floats. llama.cpp stores the rows of queries and keys interleaved, for rotations of
    neighbouring pairs; they are put back into halves. It takes seconds, since the file's list of tokens is read one by one.

    Raises
    ------
    ArtifactError
        If the file is no GGUF file, of another architecture than Llama's, has fewer layers, or another kind of tokenizer.
    """
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
    except (ValueError, OSError, IndexError) as error:
        raise ArtifactError(
            f"{path} cannot be read as a GGUF file ({error}).", "Delete it and run the command again to fetch it anew."
        ) from error
    return _decoder(reader, path, n_layers), _tokenizer(reader, path)


def _decoder(reader: Any, path: Path, n_layers: int) -> Decoder:
    from gguf import dequantize

    architecture = _text(reader, "general.architecture")
    blocks = _number(reader, "llama.block_count") if architecture == "llama" else 0
    if blocks < n_layers:
        raise ArtifactError(
            f"{path}: {n_layers} layers of the Llama architecture are needed, this file has {int(blocks)} ({architecture}).",
            "Use a file of SmolLM2 or another model of that architecture.",
        )
    tensors = {tensor.name: tensor for tensor in reader.tensors}

    def weights(name: str) -> np.ndarray:
        tensor = tensors[f"{name}.weight"]
        return np.asarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)

    heads = int(_number(reader, "llama.attention.head_count"))
    kv_heads = int(_number(reader, "llama.attention.head_count_kv"))
    layers = []
    for number in range(n_layers):
        layer = {name: weights(f"blk.{number}.{name}") for name in PER_LAYER}
        layer["attn_q"] = _halves(layer["attn_q"], heads)
        layer["attn_k"] = _halves(layer["attn_k"], kv_heads)
        layers.append(layer)
    return Decoder(
        weights("token_embd"),
        layers,
        heads,
        kv_heads,
        float(_number(reader, "llama.rope.freq_base")),
        float(_number(reader, "llama.attention.layer_norm_rms_epsilon")),
        _texts(reader, "tokenizer.ggml.tokens").index(SEPARATOR),
    )


def _tokenizer(reader: Any, path: Path) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    kind, split = _text(reader, "tokenizer.ggml.model"), _text(reader, "tokenizer.ggml.pre")
    if (kind, split) != ("gpt2", "smollm"):
        raise ArtifactError(
            f"{path}: the tokenizer is of the kind {kind}/{split}, gpt2/smollm is needed.", "Use a file of SmolLM2."
        )
    vocabulary = {token: number for number, token in enumerate(_texts(reader, "tokenizer.ggml.tokens"))}
    pairs = [line.partition(" ") for line in _texts(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocabulary, [(first, second) for first, _, second in pairs]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    return tokenizer


def _texts(reader: Any, key: str) -> list[str]:
    field = reader.fields.get(key)
    return [] if field is None else [bytes(field.parts[part]).decode() for part in field.data]


def _text(reader: Any, key: str) -> str:
    return "".join(_texts(reader, key)[:1])


def _number(reader: Any, key: str) -> float:
    field = reader.fields.get(key)
    return 0.0 if field is None else float(field.parts[field.data[0]][0])


def _halves(matrix: np.ndarray, heads: int) -> np.ndarray:
    rows, columns = matrix.shape
    return matrix.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
