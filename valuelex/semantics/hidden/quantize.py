"""From the weights to an 8-bit graph: the sink's constants, smoothing, and the ranges of the activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from valuelex.semantics.hidden.decoder import Decoder
from valuelex.semantics.hidden.graph import GraphBuilder, activation

SMOOTHING = 0.7
"""Exponent of the activations' side in smoothing: where a few dimensions are far larger than the others, more of their size
goes into the weights."""
TINY = 1e-4

INPUTS = ("n1", "att", "n2", "h")


def quantized(decoder: Decoder, samples: Sequence[Sequence[int]]) -> bytes:
    """Return the 8-bit graph, its output standardized by the samples' mean hidden states.

    Parameters
    ----------
    decoder : Decoder
    samples : sequence of sequences of int
        Token ids of texts like those to come: ranges, means and deviations are theirs.
    """
    seen = _observe(decoder, _sink(decoder), samples)
    smooth = smoothed(decoder, seen.largest)
    sink = _sink(smooth)
    seen = _observe(smooth, sink, samples)
    deviation = np.maximum(seen.means.std(axis=0), TINY)
    return GraphBuilder(
        smooth, sink=sink, ranges=seen.ranges, mean=seen.means.mean(axis=0), deviation=deviation
    ).build()


def smoothed(decoder: Decoder, largest: dict[str, np.ndarray]) -> Decoder:
    """Move the size of large activations into the weights that they meet, which changes no result.

    Every dimension of an activation is divided by s = max|activation|^a / max|weight|^(1-a), and the weights' column multiplied
    by it (SmoothQuant, Xiao et al., 2023, arXiv 2211.10438, equation 4). The division goes into what made the activation:
    the norm, the values of attention (where heads share them, by their geometric mean), or the upper half of the
    feed-forward layer.

    Parameters
    ----------
    decoder : Decoder
    largest : dict
        Activation -> largest absolute value of each dimension.
    """
    layers = []
    for number, old in enumerate(decoder.layers):
        layer = dict(old)

        def size(name: str, *matrices: str, number: int = number, layer: dict[str, np.ndarray] = layer) -> np.ndarray:
            met = np.max([np.abs(layer[matrix]).max(axis=0) for matrix in matrices], axis=0)
            s = np.maximum(largest[activation(number, name)], TINY) ** SMOOTHING
            s /= np.maximum(met, TINY) ** (1 - SMOOTHING)
            return np.asarray(s / np.exp(np.log(s).mean()))

        for name, norm, matrices in (
            ("n1", "attn_norm", ("attn_q", "attn_k", "attn_v")),
            ("n2", "ffn_norm", ("ffn_gate", "ffn_up")),
        ):
            s = size(name, *matrices)
            layer[norm] = layer[norm] / s
            for matrix in matrices:
                layer[matrix] = layer[matrix] * s
        s = size("h", "ffn_down")
        layer["ffn_up"], layer["ffn_down"] = layer["ffn_up"] / s[:, None], layer["ffn_down"] * s
        shared = decoder.heads // decoder.kv_heads
        by_head = np.log(size("att", "attn_output")).reshape(decoder.kv_heads, shared, decoder.head_width)
        s = np.exp(by_head.mean(axis=1))
        layer["attn_v"] = layer["attn_v"] / s.reshape(-1, 1)
        layer["attn_output"] = layer["attn_output"] * np.repeat(s, shared, axis=0).reshape(-1)
        layers.append({name: np.asarray(value, dtype=np.float32) for name, value in layer.items()})
    return replace(decoder, layers=layers)


@dataclass(frozen=True)
class _Observed:
    largest: dict[str, np.ndarray]
    ranges: dict[str, tuple[float, float]]
    means: np.ndarray


def _observe(decoder: Decoder, sink: Sequence[np.ndarray], samples: Sequence[Sequence[int]]) -> _Observed:
    names = [activation(number, name) for number in range(len(decoder.layers)) for name in INPUTS]
    session = open_session(GraphBuilder(decoder, sink=sink).build(names))
    low, high = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    largest: dict[str, np.ndarray] = {}
    means = []
    for ids in samples:
        mean, *values = run(session, decoder.kv_heads, decoder.head_width, [ids], sink=True, outputs=["mean", *names])
        means.append(mean[0])
        for name, value in zip(names, values, strict=True):
            flat = value.reshape(-1, value.shape[-1])
            low[name], high[name] = min(low[name], float(flat.min())), max(high[name], float(flat.max()))
            now = np.abs(flat).max(axis=0)
            largest[name] = np.maximum(largest[name], now) if name in largest else now
    return _Observed(largest, {name: (low[name], high[name]) for name in names}, np.array(means))


def _sink(decoder: Decoder) -> list[np.ndarray]:
    """Queries, keys and values of the sink in each layer."""
    names = [activation(number, "qkv") for number in range(len(decoder.layers))]
    session = open_session(GraphBuilder(decoder).build(names))
    found = run(session, decoder.kv_heads, decoder.head_width, [[decoder.sink]], sink=False, outputs=names)
    return [value[0, 0] for value in found]


def open_session(model: bytes | str) -> Any:
    """Return an onnxruntime session of one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(
    session: Any,
    kv_heads: int,
    head_width: int,
    ids: Sequence[Sequence[int]],
    *,
    sink: bool,
    outputs: Sequence[str] = ("mean",),
) -> list[np.ndarray]:
    """Run texts of the same number of tokens; `sink` says whether one stands in the graph."""
    n, total = len(ids), len(ids[0]) + sink
    feed = {
        "ids": np.array(ids, dtype=np.int64),
        "length": np.full(n, total - 1, dtype=np.int32),
        "total": np.array(total, dtype=np.int32),
        "past": np.zeros((n, kv_heads, 0, head_width), dtype=np.float32),
    }
    return list(session.run(list(outputs), feed))
