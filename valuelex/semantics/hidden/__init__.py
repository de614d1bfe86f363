"""Texts as hidden states of a small language model: the first layers of a GGUF file, run by onnxruntime in 8-bit integers."""

from valuelex.semantics.hidden.states import HiddenStates, Passage

__all__ = ["HiddenStates", "Passage"]
