import json

import pytest

from valuelex.errors import DataError
from valuelex.projective import AnchorScorer, validity
from valuelex.projective.manual import hand_written


def test_figures_of_the_hand_written_manual(real_embedder):
    """Measured: r .44, MAE 1.52 against 1.72 for the mean, AUC .71. Bounds are loose enough for another embedding build."""
    found = validity(AnchorScorer({"subdimensions": hand_written()}, real_embedder))
    overall = found["overall"]
    assert overall["n"] == 169
    assert 0.35 < overall["r"] < 0.6
    assert overall["mae"] < overall["mae_of_the_mean"] - 0.1
    assert 0.65 < overall["auc_high_low"] < 0.85
    assert set(found["scales"]) == {e["subdimension"] for e in hand_written()}
    assert all(figures["r"] > 0.2 for figures in found["scales"].values())
    applicable = found["applicable"]
    assert applicable["own_anchors"] > 0.85
    assert applicable["other_scales_anchors"] < 0.45
    assert applicable["not_applicable_examples"] < 0.1
    assert found["embedding"] == "all-minilm-l6-v2"
    assert f"{overall['r']:.2f}" in found["note"] and "Irony" in found["note"]


def test_shuffled_levels_are_not_predicted(real_embedder):
    """A null control: with levels reversed on half of the scales, nothing is left to learn, and the judge says so."""
    entries = hand_written()
    for entry in entries[::2]:
        entry["anchors"] = {6 - level: texts for level, texts in entry["anchors"].items()}
    found = validity(AnchorScorer({"subdimensions": entries}, real_embedder))
    assert (found["overall"]["r"] or 0.0) < 0.2
    assert found["overall"]["auc_high_low"] < 0.6


def test_it_can_be_written_as_json(fake_embedder):
    manual = {"subdimensions": [{"subdimension": "A", "anchors": {0: ["a"], 6: ["b"]}}]}
    found = validity(AnchorScorer(manual, fake_embedder))
    json.dumps(found, allow_nan=False)
    assert found["applicable"]["other_scales_anchors"] is None


def test_bad_manual(fake_embedder):
    with pytest.raises(DataError):
        validity(AnchorScorer({}, fake_embedder))
