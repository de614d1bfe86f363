"""From the weights to an 8-bit graph: the sink's constants, smoothing, and the ranges of the activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from valuelex.semantics.embed import open_session
from valuelex.semantics.hidden.decoder import Decoder
from valuelex.semantics.hidden.graph import GraphBuilder, activation

SMOOTHING = 0.7
"""Exponent of the activations' side in smoothing: where a few dimensions are far larger than the others, more of their size
goes into the weights."""
TINY = 1e-4
"""Least size that is divided by."""

INPUTS = ("n1", "att", "n2", "h")
"""What goes into a layer's matrices, as `activation` names it."""


def quantized(decoder: Decoder, samples: Sequence[Sequence[int]]) -> bytes:
    """Return the 8-bit graph.

    Parameters
    ----------
    decoder : Decoder
    samples : sequence of sequences of int
        Token ids of texts like those to come: ranges are theirs.
    """
    seen = observe(decoder, sink_rows(decoder), samples)
    smooth = smoothed(decoder, seen.largest)
    sink = sink_rows(smooth)
    ranges = observe(smooth, sink, samples).ranges
    return GraphBuilder(smooth, sink=sink, ranges=ranges).build()


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
class Observed:
    """What samples were seen to do.

    Attributes
    ----------
    largest : dict
        Activation -> largest absolute value of each dimension.
    ranges : dict
        Activation -> smallest and largest value; 0 lies between them.
    """

    largest: dict[str, np.ndarray]
    ranges: dict[str, tuple[float, float]]


def observe(decoder: Decoder, sink: Sequence[np.ndarray], samples: Sequence[Sequence[int]]) -> Observed:
    """Run samples (token ids) through the graph in 32-bit floats."""
    names = [activation(number, name) for number in range(len(decoder.layers)) for name in INPUTS]
    session = open_session(GraphBuilder(decoder, sink=sink).build(names))
    low, high = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    largest: dict[str, np.ndarray] = {}
    for ids in samples:
        values = run(session, np.array([ids], dtype=np.int64), names)
        for name, value in zip(names, values, strict=True):
            flat = value.reshape(-1, value.shape[-1])
            low[name], high[name] = min(low[name], float(flat.min())), max(high[name], float(flat.max()))
            now = np.abs(flat).max(axis=0)
            largest[name] = np.maximum(largest[name], now) if name in largest else now
    return Observed(largest, {name: (low[name], high[name]) for name in names})


def sink_rows(decoder: Decoder) -> list[np.ndarray]:
    """Return the sink's queries, keys and values in each layer: arrays of shape ((heads + 2 kv_heads) x head width,)."""
    names = [activation(number, "qkv") for number in range(len(decoder.layers))]
    session = open_session(GraphBuilder(decoder).build(names))
    found = run(session, np.array([[decoder.sink]], dtype=np.int64), names)
    return [value[0, 0] for value in found]


def run(session: Any, ids: np.ndarray, outputs: Sequence[str] = ("states",)) -> list[np.ndarray]:
    """Return the outputs of a graph for texts of the same number of tokens (ids: texts x tokens)."""
    return list(session.run(list(outputs), {"ids": ids}))
