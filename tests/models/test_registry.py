"""The registry: complete entries, unknown stays null."""

from __future__ import annotations

import pytest

from valuelex.errors import RegistryError
from valuelex.models import ModelSettings, facts, registry, resolve


def test_the_packaged_models_are_there_with_hash_and_licence() -> None:
    for model_id, training, mode in (
        ("smollm2-135m-instruct", "aligned", "chat"),
        ("gemma-3-270m", "pretrained", "completion"),
    ):
        entry = registry().model(model_id)
        assert entry is not None
        assert entry.artifact is not None
        assert len(entry.artifact.sha256) == 64
        assert entry.licence
        assert (entry.training, entry.mode) == (training, mode)


def test_unknown_stays_null() -> None:
    entry = registry().model("gemma-3-270m")
    assert entry is not None
    assert entry.region is None


def test_an_unknown_id_without_endpoint_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RegistryError, match="'smollm3' is not in the registry") as error:
        resolve(ModelSettings(id="smollm3"))
    assert "gemma-3-270m" in error.value.remedy


def test_the_study_file_wins_over_the_registry() -> None:
    model = resolve(ModelSettings(id="gemma-3-270m", family="mine", base_url="http://127.0.0.1:1/v1", model="g"))
    assert (model.entry.family, model.entry.developer) == ("mine", "Google")
    assert (model.endpoint, model.endpoint_model, model.embedded) == ("http://127.0.0.1:1/v1", "g", False)


@pytest.mark.parametrize(("training", "mode"), [("pretrained", "completion"), ("aligned", "chat"), (None, "chat")])
def test_training_decides_the_frame(training: str | None, mode: str) -> None:
    assert resolve(ModelSettings(id="x", base_url="http://127.0.0.1:1/v1", training=training)).mode == mode


def test_facts_have_a_row_per_model_and_empty_cells() -> None:
    table = facts([resolve(ModelSettings(id="gemma-3-270m")), resolve(ModelSettings(id="x", base_url="http://h/v1"))])
    assert table.loc["gemma-3-270m", "parameters"] == pytest.approx(268.1e6)
    assert table.loc["x"].drop("mode").isna().all()
