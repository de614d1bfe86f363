"""Scoring words: the arithmetic in closed form, and real models, one engine against another."""

from __future__ import annotations

import asyncio
import importlib.util
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from valuelex.errors import ArtifactError
from valuelex.models import Engine, ModelSettings, Request, Response, locate, resolve
from valuelex.models.artifacts import cache_folder
from valuelex.models.engines.scoring import combine, forms_of, scoring

WORDS = ["honesty", "self-discipline", "open-mindedness", "love", "trustworthiness", "work ethic", "compassion"]
CHAT = "Which ten words best describe your values? Answer with single words separated by commas."
TEXT = "My Core Values (one word each): 1."


def request(mode: str, words: list[str] = WORDS) -> Request:
    chat = mode == "chat"
    return Request(
        "m", "embedded:x", "m", mode,  # type: ignore[arg-type]
        messages=(("user", CHAT),) if chat else (),
        prompt="" if chat else TEXT,
        temperature=0.7, top_p=0.95, max_tokens=16, seed=3,
        extra=scoring(words, "" if chat else " "),
    )  # fmt: skip


def characters(text: str) -> list[int]:
    return [ord(c) for c in text]


def test_a_word_is_the_sum_of_its_cases() -> None:
    asked = replace(request("chat"), extra=scoring(["ab", "b"], ""))
    forms = forms_of(asked, characters)
    assert forms.tokens == ((97, 98), (65, 98), (98,), (66,))
    assert forms.branches == {(): [65, 66, 97, 98], (65,): [98], (97,): [98]}
    p = {97: 0.2, 65: 0.3, 98: 0.1, 66: 0.4}
    known = {((), token): math.log(value) for token, value in p.items()}
    known |= {((97,), 98): math.log(0.5), ((65,), 98): math.log(0.25)}
    made = forms.collect(known)
    assert [m["word"] for m in made] == ["ab", "b"]
    assert made[0]["logprob"] == pytest.approx(math.log(0.2 * 0.5 + 0.3 * 0.25), abs=1e-6)
    assert made[1]["logprob"] == pytest.approx(math.log(0.1 + 0.4), abs=1e-6)
    assert [m["n_tokens"] for m in made] == [2, 1]


def test_a_case_that_changes_nothing_counts_once() -> None:
    asked = replace(request("chat"), extra=scoring(["ABC"], ""))
    assert forms_of(asked, characters).tokens == ((65, 66, 67),)


@given(st.lists(st.floats(-300, -0.01), min_size=1, max_size=6))
def test_the_sum_over_cases_lies_between_the_likeliest_and_all_as_likely(values: list[float]) -> None:
    [made] = combine(["w"], [0] * len(values), values, [1] * len(values))
    assert max(values) - 1e-5 <= made["logprob"] <= max(values) + math.log(len(values)) + 1e-5


def real(model_id: str) -> Engine:
    pytest.importorskip("xllamacpp", reason="the demo extra is not installed")
    model = resolve(ModelSettings(id=model_id))
    try:
        assert model.entry.artifact is not None
        locate(model.entry.artifact)
    except ArtifactError as error:
        pytest.skip(f"the packaged model cannot be had: {error.what}")
    return model.engine()


def answers(engine: Engine, *requests: Request) -> list[Response]:
    async def ask() -> list[Response]:
        try:
            return [await engine.complete(r) for r in requests]
        finally:
            await engine.close()

    return asyncio.run(ask())


@pytest.mark.real_models
def test_scores_are_the_same_whenever_they_are_asked_for_and_in_whatever_company() -> None:
    few = request("completion", WORDS[:3])
    first, _, again, alone = answers(
        real("smollm2-135m-instruct"), request("completion"), request("chat"), request("completion"), few
    )
    assert first.logprobs == again.logprobs
    assert first.logprobs and alone.logprobs and first.text == ""
    # Other words in the list do not move a word's score beyond the rounding of batch shapes.
    for one, other in zip(first.logprobs[:3], alone.logprobs, strict=True):
        assert one["logprob"] == pytest.approx(other["logprob"], abs=0.05)


@pytest.mark.real_models
def test_two_engines_agree_on_the_same_weights() -> None:
    """llama.cpp computes on the 4-bit weights, transformers on the same weights unpacked to 32 bits: near, not equal."""
    for package in ("torch", "transformers", "gguf", "accelerate"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the transformers extra is not installed ({package})")
    from valuelex.models.engines import InProcessEngine

    requests = (request("chat"), request("completion"))
    here = answers(real("smollm2-135m-instruct"), *requests)
    other = InProcessEngine(str(cache_folder()), gguf_file="SmolLM2-135M-Instruct.Q4_1.gguf")
    plain = replace(request("completion"), extra={})
    *there, text, same = answers(other, *requests, plain, plain)
    for one, two in zip(here, there, strict=True):
        assert one.logprobs and two.logprobs
        assert [w["n_tokens"] for w in one.logprobs] == [w["n_tokens"] for w in two.logprobs]
        a, b = ([w["logprob"] for w in r.logprobs or []] for r in (one, two))
        assert max(abs(x - y) for x, y in zip(a, b, strict=True)) < 1
        assert spearmanr(a, b).statistic > 0.95
    assert text.text == same.text and text.text.strip() and (text.n_tokens_out or 99) <= 16


def test_of_a_models_own_generation_settings_only_the_end_tokens_are_used() -> None:
    transformers = pytest.importorskip("transformers")
    from valuelex.models.engines.in_process import _without_own_settings

    brought = transformers.GenerationConfig(repetition_penalty=1.3, top_k=20, min_p=0.1, eos_token_id=[7, 9])
    tokenizer = SimpleNamespace(eos_token_id=5, pad_token_id=None)
    used = _without_own_settings(brought, tokenizer)
    assert used.eos_token_id == [5, 7, 9]
    assert used.pad_token_id == 5
    assert (used.repetition_penalty, used.top_k, used.min_p) == (None, None, None)
