"""The structure inside one model: scores through the ledger, factors of similarities, and real models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ortho_group

from valuelex.errors import ArtifactError, DataError, EndpointError, SettingError
from valuelex.models import Caller, Ledger, ModelSettings, Request, Response, locate, resolve
from valuelex.semantics import intrinsic_similarity
from valuelex.taxonomy.intrinsic import ModelScorer, recovery, similarity_factors

WORDS = ["kind", "warm", "rude", "lazy"]


class StubScoringEngine:
    """A STUB: the log-probability of a word is minus its length; no model is behind it."""

    def __init__(self, fail: str = "") -> None:
        self.asked: list[Request] = []
        self.fail = fail

    async def complete(self, request: Request) -> Response:
        self.asked.append(request)
        if self.fail and self.fail in request.prompt:
            return Response("", status="error", error="too long")
        words = request.extra["score"]["words"]
        rows = [{"word": w, "logprob": -float(len(w) + len(request.prompt)), "n_tokens": 1 + ("-" in w)} for w in words]
        return Response("", finish_reason="scored", logprobs=rows)

    async def close(self) -> None:
        pass


def scorer(folder: Path, engine: StubScoringEngine) -> ModelScorer:
    model = resolve(ModelSettings(id="smollm2-135m-instruct"))
    return ModelScorer(Caller(Ledger(folder / "calls.jsonl"), engines={model.id: engine}), model)


def test_scores_come_through_the_ledger_and_are_asked_once(tmp_path: Path) -> None:
    engine = StubScoringEngine()
    found = scorer(tmp_path, engine)(["ab", "abc"], ["x", "yy"])
    np.testing.assert_array_equal(found, [[-3, -4], [-4, -5]])
    assert {r.mode for r in engine.asked} == {"completion"}
    assert engine.asked[0].extra["score"] == {"words": ["x", "yy"], "lead": " ", "cases": ["lower"]}
    again = StubScoringEngine()
    np.testing.assert_array_equal(scorer(tmp_path, again)(["ab", "abc"], ["x", "yy"]), found)
    assert again.asked == []
    assert scorer(tmp_path, again).one_token(["open-minded", "kind"]) == ["kind"]


def test_a_text_that_cannot_be_scored_is_named(tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match=r"could not score words after 'a rude friend' \(too long\)"):
        scorer(tmp_path, StubScoringEngine(fail="rude"))(["a kind friend", "a rude friend"], WORDS)


def test_a_model_that_cannot_score_is_refused(tmp_path: Path) -> None:
    model = resolve(ModelSettings(id="x", base_url="http://127.0.0.1:9/v1"))
    with pytest.raises(SettingError, match="gives no log-probabilities"):
        ModelScorer(Caller(Ledger(tmp_path / "calls.jsonl")), model)


def simple(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    pattern = np.kron(np.eye(3), np.ones((8, 1))) * rng.uniform(0.5, 0.8, (24, 3))
    return pd.DataFrame(pattern, index=[f"w{i}" for i in range(24)], columns=["A", "B", "C"])


def test_blind_factors_find_a_simple_structure() -> None:
    truth = simple()
    values = truth.to_numpy() @ truth.to_numpy().T
    np.fill_diagonal(values, 1.0)
    similarity = pd.DataFrame(values, index=truth.index, columns=truth.index)
    found = recovery(similarity_factors(similarity, 3), truth)
    assert (found["best"] > 0.98).all()
    assert found["factor"].is_unique
    assert (found["target_rotated"] > 0.98).all()


def test_the_target_knows_what_the_headline_does_not() -> None:
    """Loadings turned at random: the best match as found is poor, after rotation to the target it is perfect."""
    truth = simple()
    turned = pd.DataFrame(truth.to_numpy() @ ortho_group.rvs(3, random_state=5), index=truth.index, columns=list("xyz"))
    found = recovery(turned, truth)
    assert found["best"].min() < 0.95
    assert (found["one_to_one"] <= found["best"] + 1e-12).all()
    np.testing.assert_allclose(found["target_rotated"], 1)


def test_more_factors_than_there_are_is_named() -> None:
    flat = pd.DataFrame(np.ones((5, 5)))
    with pytest.raises(DataError, match="1 positive eigenvalues"):
        similarity_factors(flat, 2)


@pytest.mark.real_models
def test_a_real_model_knows_which_traits_go_together(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp", reason="the demo extra is not installed")
    model = resolve(ModelSettings(id="smollm2-135m-instruct"))
    try:
        assert model.entry.artifact is not None
        locate(model.entry.artifact)
    except ArtifactError as error:
        pytest.skip(f"the packaged model cannot be had: {error.what}")
    words = ["kind", "gentle", "caring", "cruel", "rude", "mean"]
    score = ModelScorer(Caller(Ledger(tmp_path / "calls.jsonl")), model)
    similarity, details = intrinsic_similarity(
        words, score, frames=["Those close to me say I have a {word} and", "My friend is {word} and"]
    )
    values = similarity.to_numpy()
    within = np.mean([values[:3, :3][np.tril_indices(3, -1)], values[3:, 3:][np.tril_indices(3, -1)]])
    assert within > values[:3, 3:].mean() + 0.2
    assert np.isfinite(details.agreement)
