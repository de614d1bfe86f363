"""A decoder's first layers as an ONNX graph that returns the hidden states of a text.

The token in front of every text is a *sink*: whatever follows, it draws much of the attention, and its own activations are a
thousand times those of other tokens (Xiao et al., 2024, arXiv 2309.17453), which no 8-bit range could hold beside theirs. What
it contributes is the same for every text, so that its queries, keys and values stand in the graph as constants and no text
runs through it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from valuelex.semantics.hidden.decoder import Decoder

MAX_TOKENS = 256
"""Longer texts are cut off here."""
CONTRIB = "com.microsoft"
LEVELS = 63
"""Largest 8-bit weight in use. Sums of two products then fit 16 bits, so that processors without instructions for 8-bit dot
products give the same integers (onnxruntime's "reduce_range")."""

Ranges = Mapping[str, tuple[float, float]]


def activation(layer: int, name: str) -> str:
    """Name, in the graph, of what goes into a layer's matrices: n1 (norm before attention), att, n2, h."""
    return f"layer{layer}.{name}"


class GraphBuilder:
    """Collects nodes and constants.

    Parameters
    ----------
    decoder : Decoder
    sink : sequence of arrays, optional
        Of each layer: queries, keys and values of the sink, as one row. None: the first token of the text is its own sink.
    ranges : mapping, optional
        Activation -> its smallest and largest value: matrices are then multiplied in 8-bit integers, weights scaled by
        output. None: in 32-bit floats.
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        sink: Sequence[np.ndarray] | None = None,
        ranges: Ranges | None = None,
    ) -> None:
        self.decoder, self.sink, self.ranges = decoder, sink, ranges
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._quantized: set[str] = set()

    def build(self, outputs: Sequence[str] = ()) -> bytes:
        """Return the serialized graph: `ids` (n x tokens) -> `states` (n x tokens x width, after the last layer) and the values
        named in `outputs`."""
        from onnx import TensorProto, helper

        self._nodes, self._constants, self._quantized = [], [], set()
        decoder = self.decoder
        half = decoder.head_width // 2
        angle = np.outer(np.arange(MAX_TOKENS + 1), decoder.rope_base ** -(np.arange(half) / half))
        self._constant("cos", np.cos(angle).astype(np.float32))
        self._constant("sin", np.sin(angle).astype(np.float32))
        self._constant("words", decoder.embedding.astype(np.float16))
        for name, value in (("zero", 0), ("one", 1), ("many", MAX_TOKENS + 1)):
            self._constant(name, np.array([value], dtype=np.int64))
        self._sizes()
        self._node("Gather", ["words", "ids"], "words16")
        state = self._node("Cast", ["words16"], "state", to=TensorProto.FLOAT)
        first = self._constant("norm", decoder.layers[0]["attn_norm"])
        self._node(
            "SimplifiedLayerNormalization", [state, first], activation(0, "n1"), epsilon=decoder.epsilon, axis=-1
        )
        for number in range(len(decoder.layers)):
            state = self._layer(number, state)
        self._node("Identity", [state], "states")
        tensor, real = helper.make_tensor_value_info, TensorProto.FLOAT
        inputs = [tensor("ids", TensorProto.INT64, ["n", "t"])]
        results = [tensor("states", real, ["n", "t", decoder.width]), *(tensor(name, real, None) for name in outputs)]
        graph = helper.make_graph(self._nodes, "hidden", inputs, results, self._constants)
        operators = [helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)]
        return bytes(helper.make_model(graph, opset_imports=operators, ir_version=9).SerializeToString())

    def _sizes(self) -> None:
        """Add n and t, and what the attention operator asks for: `total` (tokens with the sink), `length` (the same less 1, of
        each text) and `past` (n x heads x 0 x head width), though nothing is past."""
        from onnx import TensorProto

        self._node("Shape", ["ids"], "shape")
        self._node("Slice", ["shape", "zero", "one"], "n")
        self._node("Slice", ["shape", "one", "many"], "t")
        before = self._constant("before", np.array([-1 if self.sink is None else 0], dtype=np.int64))
        self._node("Add", ["t", before], "last")
        self._node("Add", ["last", "one"], "with_sink")
        self._node("Cast", ["with_sink"], "total", to=TensorProto.INT32)
        self._node("Expand", ["last", "n"], "last_of_each")
        self._node("Cast", ["last_of_each"], "length", to=TensorProto.INT32)
        heads = self._constant("heads", np.array([self.decoder.kv_heads, 0, self.decoder.head_width], dtype=np.int64))
        self._node("Concat", ["n", heads], "past_shape", axis=0)
        self._node("ConstantOfShape", ["past_shape"], "past")  # zeros, of 32-bit floats

    def _layer(self, number: int, state: str) -> str:
        """Add one layer; return the name of the state after it."""
        decoder, weights, at = self.decoder, self.decoder.layers[number], f"layer{number}."
        rows = np.vstack([weights["attn_q"], weights["attn_k"], weights["attn_v"]])
        own = self._product(at + "n1", rows, at + "qkv")
        attended = self._node(
            "GroupQueryAttention",
            [self._with_sink(number, own), "", "", "past", "past", "length", "total", "cos", "sin"],
            [at + "attended", at + "keys", at + "values"],
            CONTRIB,
            num_heads=decoder.heads,
            kv_num_heads=decoder.kv_heads,
            do_rotary=1,
        )
        begin = "zero" if self.sink is None else "one"
        self._node("Slice", [attended, begin, "many", "one"], at + "att")
        out = self._product(at + "att", weights["attn_output"], at + "out")
        norm = self._constant(at + "ffn_norm", weights["ffn_norm"])
        between = self._skip(state, out, norm, at + "n2", at + "between")
        gate = self._product(at + "n2", weights["ffn_gate"], at + "gate")
        up = self._product(at + "n2", weights["ffn_up"], at + "up")
        self._node("QuickGelu", [gate], at + "opened", CONTRIB, alpha=1.0)  # x sigmoid(x), which is SiLU
        self._node("Mul", [at + "opened", up], at + "h")
        down = self._product(at + "h", weights["ffn_down"], at + "down")
        if number + 1 == len(decoder.layers):
            return self._node("Add", [between, down], at + "state")
        norm = self._constant(at + "next_norm", decoder.layers[number + 1]["attn_norm"])
        return self._skip(between, down, norm, activation(number + 1, "n1"), at + "state")

    def _skip(self, state: str, change: str, norm: str, normed: str, new: str) -> str:
        self._node(
            "SkipSimplifiedLayerNormalization",
            [state, change, norm],
            [normed, "", "", new],
            CONTRIB,
            epsilon=self.decoder.epsilon,
        )
        return new

    def _with_sink(self, number: int, own: str) -> str:
        """Put the sink's queries, keys and values in front of those of the text."""
        if self.sink is None:
            return own
        at, row = f"layer{number}.sink.", self.sink[number].reshape(1, 1, -1)
        self._constant(at + "row", row.astype(np.float32))
        self._constant(at + "one_each", np.array([1, row.size], dtype=np.int64))
        self._node("Concat", ["n", at + "one_each"], at + "shape", axis=0)
        self._node("Expand", [at + "row", at + "shape"], at + "rows")
        return self._node("Concat", [at + "rows", own], at + "qkv", axis=1)

    def _product(self, values: str, matrix: np.ndarray, out: str) -> str:
        turned = np.ascontiguousarray(matrix.T)  # inputs x outputs
        if self.ranges is None:
            return self._node("MatMul", [values, self._constant(out + ".weights", turned)], out)
        step = (np.abs(turned).max(axis=0) / LEVELS).astype(np.float32)
        step[step == 0] = 1.0
        whole = np.clip(np.rint(turned / step), -LEVELS, LEVELS).astype(np.int8)
        if values not in self._quantized:
            self._quantize(values, *self.ranges[values])
        names = [values + ".q", self._constant(out + ".weights", whole), values + ".step"]
        names += [self._constant(out + ".step", step), values + ".zero"]
        return self._node("MatMulIntegerToFloat", names, out, CONTRIB)

    def _quantize(self, values: str, low: float, high: float) -> None:
        low, high = min(low, 0.0), max(high, 0.0)
        step = np.float32((high - low) / 255) or np.float32(1)
        zero = np.uint8(np.clip(np.rint(-low / step), 0, 255))
        names = [values, self._constant(values + ".step", step), self._constant(values + ".zero", zero)]
        self._node("QuantizeLinear", names, values + ".q")
        self._quantized.add(values)

    def _constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def _node(self, kind: str, inputs: list[str], outputs: str | list[str], domain: str = "", **settings: Any) -> str:
        from onnx import helper

        names = [outputs] if isinstance(outputs, str) else outputs
        self._nodes.append(helper.make_node(kind, inputs, names, domain=domain, **settings))
        return names[0]
