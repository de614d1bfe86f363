"""The graph against another engine, transformers, on the same weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex.semantics.embed import open_session
from valuelex.semantics.hidden.graph import GraphBuilder, activation
from valuelex.semantics.hidden.quantize import INPUTS, quantized, run, sink_rows, smoothed

from .conftest import INNER, TOKENS, tiny


def by_transformers(decoder, ids):
    """Hidden states after the last layer, tokens x width, by transformers."""
    torch = pytest.importorskip("torch", reason="needs torch")
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    config = transformers.LlamaConfig(
        vocab_size=TOKENS,
        hidden_size=decoder.width,
        intermediate_size=INNER,
        num_hidden_layers=len(decoder.layers) + 1,  # the states before the last layer carry no final norm
        num_attention_heads=decoder.heads,
        num_key_value_heads=decoder.kv_heads,
        rms_norm_eps=decoder.epsilon,
        rope_parameters={"rope_type": "default", "rope_theta": decoder.rope_base},
        max_position_embeddings=300,
    )
    model = transformers.LlamaModel(config).eval()
    names = {
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "attn_norm": "input_layernorm",
        "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }
    with torch.no_grad():
        model.embed_tokens.weight.copy_(torch.tensor(decoder.embedding))
        for own, layer in zip(decoder.layers, model.layers, strict=False):
            for name, path in names.items():
                layer.get_submodule(path).weight.copy_(torch.tensor(own[name]))
        found = model(torch.tensor([ids]), output_hidden_states=True).hidden_states
    return found[len(decoder.layers)][0].numpy()


def test_states_are_those_of_transformers():
    decoder, ids = tiny(1), [5, 9, 9, 31, 2, 44, 17]
    found = run(open_session(GraphBuilder(decoder).build()), np.array([ids]))[0][0]
    np.testing.assert_allclose(found, by_transformers(decoder, ids), rtol=2e-4, atol=2e-4)


def test_a_sink_of_constants_is_a_sink_of_the_text():
    """Its token stands in front in transformers, and outside of what is returned."""
    decoder, ids = tiny(2), [7, 3, 40, 3, 12]
    session = open_session(GraphBuilder(decoder, sink=sink_rows(decoder)).build())
    found = run(session, np.array([ids]))[0][0]
    np.testing.assert_allclose(found, by_transformers(decoder, [decoder.sink, *ids])[1:], rtol=2e-4, atol=2e-4)


def test_texts_of_one_batch_do_not_meet():
    decoder = tiny(3)
    session = open_session(GraphBuilder(decoder, sink=sink_rows(decoder)).build())
    both = run(session, np.array([[1, 2, 3], [4, 5, 6]]))[0]
    for n, ids in enumerate([[1, 2, 3], [4, 5, 6]]):
        np.testing.assert_allclose(run(session, np.array([ids]))[0][0], both[n], atol=1e-5)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), ids=st.lists(st.integers(1, TOKENS - 1), min_size=1, max_size=12))
def test_smoothing_changes_no_result(seed, ids):
    decoder = tiny(seed, 2)
    rng = np.random.default_rng(seed)
    largest = {
        activation(layer, name): rng.uniform(0.01, 100, INNER if name == "h" else decoder.width)
        for layer in range(2)
        for name in INPUTS
    }
    before = run(open_session(GraphBuilder(decoder).build()), np.array([ids]))[0]
    after = run(open_session(GraphBuilder(smoothed(decoder, largest)).build()), np.array([ids]))[0]
    np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-3)


def test_integers_come_close_to_floats():
    decoder, rng = tiny(4), np.random.default_rng(4)
    samples = [list(rng.integers(1, TOKENS, 12)) for _ in range(60)]

    def means(graph):
        session = open_session(graph)
        found = np.vstack([run(session, np.array([ids]))[0][0].mean(axis=0) for ids in samples])
        return (found - found.mean(axis=0)) / found.std(axis=0)

    exact = means(GraphBuilder(decoder, sink=sink_rows(decoder)).build())
    found = means(quantized(decoder, samples))
    cosine = (found * exact).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(exact, axis=1)
    assert cosine.min() > 0.95 and cosine.mean() > 0.985
