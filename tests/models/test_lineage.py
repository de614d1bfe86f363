"""Matched pairs: base and tuned, small and large."""

from __future__ import annotations

from valuelex.models import ModelSettings, registry, resolve
from valuelex.models.lineage import MatchedPair, ancestors, matched_pairs


def models(*entries: dict):
    return [resolve(ModelSettings(**{"base_url": "http://stub/v1", **entry})) for entry in entries]


def test_base_and_tuned_of_the_registry_are_pairs() -> None:
    known = [resolve(ModelSettings(id=entry.id), asked=False) for entry in registry().models]
    found = matched_pairs(known, "training")
    assert MatchedPair("smollm2-135m", "smollm2-135m-instruct", "training") in found
    assert MatchedPair("llama-3.1-405b", "llama-3.1-405b-instruct", "training") in found
    by_size = matched_pairs(known, "size")
    assert MatchedPair("llama-3.1-8b-instruct", "llama-3.1-70b-instruct", "size") in by_size
    assert MatchedPair("llama-3.1-8b-instruct", "llama-3.1-405b-instruct", "size") not in by_size, "neighbours only"


def test_a_pair_holds_over_models_in_between_and_not_across_sizes() -> None:
    line = models(
        {"id": "base", "parameters": 1e9, "training": "pretrained"},
        {"id": "dpo", "parameters": 1e9, "training": "aligned", "tuned_from": "sft"},
        {"id": "big", "parameters": 7e9, "training": "aligned", "tuned_from": "base"},
        {"id": "sft", "parameters": 1e9, "training": "instruction-tuned", "tuned_from": "base"},
    )
    assert matched_pairs(line, "training") == [
        MatchedPair("sft", "dpo", "training"),
        MatchedPair("base", "sft", "training"),
    ]


def test_a_model_without_size_or_family_has_no_pair_by_size() -> None:
    assert matched_pairs(models({"id": "a"}, {"id": "b", "family": "f", "training": "aligned"}), "size") == []


def test_a_circle_of_lineage_ends() -> None:
    [circle] = models({"id": "smollm2-135m", "tuned_from": "smollm2-135m-instruct"})
    assert ancestors(circle) == ["smollm2-135m-instruct", "smollm2-135m"]
