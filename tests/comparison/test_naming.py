"""What models name, on answers whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex.comparison.naming import WORDINGS, named


def answers(model: str, n: int, p: np.ndarray, rng: np.random.Generator, prompt: str = "p1") -> list[dict]:
    return [
        {"model_id": model, "response_id": f"{model}/{prompt}/{k}", "word": f"w{c}", "kept": True}
        for k in range(n)
        for c in rng.choice(p.size, 3, replace=False, p=p)
    ]


def test_a_model_that_names_more_values_is_more_diverse_at_the_same_number_of_answers() -> None:
    """One model picks evenly from 20 words, one mostly the same three; the first answered five times as often."""
    rng = np.random.default_rng(1)
    rows = answers("wide", 200, np.full(20, 0.05), rng) + answers("narrow", 40, np.r_[[0.3] * 3, [0.1 / 17] * 17], rng)
    rows += [{"model_id": "mute", "response_id": "x", "word": "w1", "kept": True}]
    found = named(pd.DataFrame(rows), seed=1)
    assert set(found) == {"diversity_0", "diversity", "diversity_2"}
    diversity = found["diversity"]
    assert diversity.models == ["narrow", "wide"]
    assert "rarefied to 40 answers" in diversity.methods["diversity"]
    narrow, wide = diversity.value(0, 0), diversity.value(1, 0)
    assert 3 < narrow < 9
    assert 16 < wide < 20
    assert diversity.error(np.array([[-1.0], [1.0]]))[0] < (wide - narrow) / 3
    # A higher order counts rare words less.
    assert found["diversity_0"].value(0, 0) > narrow > found["diversity_2"].value(0, 0)


def test_a_model_that_hangs_on_the_wording_has_less_overlap_between_prompts() -> None:
    rng = np.random.default_rng(2)
    even = np.full(20, 0.05)
    halves = [np.r_[[0.09] * 10, [0.01] * 10], np.r_[[0.01] * 10, [0.09] * 10]]
    rows, prompts = [], {}
    for k, prompt in enumerate(("p1", "p2")):
        rows += answers("steady", 40, even, rng, prompt) + answers("swayed", 40, halves[k], rng, prompt)
    rows += answers("once", 40, even, rng, "p1")
    words = pd.DataFrame(rows)
    prompts = pd.DataFrame({"response_id": words["response_id"].unique()})
    prompts["prompt_id"] = prompts["response_id"].str.split("/").str[1]
    overlap = named(words, prompts)[WORDINGS]
    assert overlap.models == ["steady", "swayed"]
    assert overlap.value(0, 0) == pytest.approx(1.0, abs=0.1)
    assert overlap.value(1, 0) < 0.6
    assert overlap.interval(0, 0, 0.95)[2] > 1 > overlap.interval(1, 0, 0.95)[2]
    # Given words may say the prompt themselves.
    again = named(words.assign(prompt_id=words["response_id"].str.split("/").str[1]))[WORDINGS]
    assert again.estimate.equals(overlap.estimate)
