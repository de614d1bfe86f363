"""A model that runs in this process goes through the same door as all others."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import yaml

import valuelex
from valuelex.errors import ArtifactError, RegistryError, StudyFileError
from valuelex.models import ModelSettings, locate, registry, resolve
from valuelex.models.artifacts import cache_folder

PROMPT = {
    "id": "p1",
    "text": "Which ten words best describe your values? Answer with single words separated by commas.",
}


def write(folder: Path, **content: object) -> valuelex.Study:
    base = {"name": "local", "respondents": {"temperature": [0.7], "top_p": [0.9]}, "lexicon": {"unknown": False}}
    (folder / "study.yaml").write_text(yaml.safe_dump(base | content))
    return valuelex.Study.load(folder)


@pytest.mark.slow  # the engine itself is tested in the fast suite (tests/models/engines/test_scoring.py)
@pytest.mark.real_models
def test_a_local_hugging_face_model_answers_and_is_scored(tmp_path: Path) -> None:
    for package in ("torch", "transformers", "gguf", "accelerate"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the transformers extra is not installed ({package})")
    entry = registry().model("smollm2-135m-instruct")
    assert entry is not None and entry.artifact is not None
    try:
        locate(entry.artifact)
    except ArtifactError as error:
        pytest.skip(f"the packaged model cannot be had: {error.what}")
    (tmp_path / "v.csv").write_text("word\nhonesty\nlove\nself-care\ncruelty\n")
    model = {"id": "here", "huggingface": str(cache_folder()), "gguf_file": entry.artifact.file, "training": "aligned"}
    asked = {"prompts": [PROMPT], "samples": 2, "max_tokens": 20, "modes": ["open", "logprob"], "vocabulary": "v.csv"}
    study = write(tmp_path, models=[model], elicitation=asked | {"words_per_answer": 2})
    study.run("lexicon")
    table = study.responses
    assert table["elicitation"].tolist() == ["open", "open", "logprob"]
    assert (table["status"] == "ok").all()
    scores = study.word_scores
    assert sorted(scores["word"]) == ["cruelty", "honesty", "love", "self-care"]
    best = scores.sort_values("rank")["word"].tolist()
    assert table["text"].iloc[2] == ", ".join(best[:2])
    assert scores.set_index("word")["logprob"]["honesty"] > scores.set_index("word")["logprob"]["cruelty"]
    before = (study.results / "responses.parquet").read_bytes()
    study.run("elicit", replay=True)
    assert (study.results / "responses.parquet").read_bytes() == before


def test_matched_pairs_are_asked_for_by_name(tmp_path: Path) -> None:
    study = write(tmp_path, models=[], population={"matched": "training"})
    ids = [m.id for m in study.population(["elicit"])]
    assert ids == ["smollm2-135m-instruct", "gemma-3-270m", "smollm2-135m", "gemma-3-270m-it"]
    study = write(tmp_path, models=[], population={"matched": "training", "family": ["gemma3"]})
    assert [m.id for m in study.population(["elicit"])] == ["gemma-3-270m", "gemma-3-270m-it"]
    alone = write(tmp_path, models=[{"id": "gemma-3-270m"}], population={"matched": "training"})
    with pytest.raises(StudyFileError, match="none of the 1 models is left"):
        alone.population(["elicit"])


def test_a_model_that_nothing_serves_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="'gpt-4o' is in the registry and has no base_url"):
        write(tmp_path, models=[{"id": "gpt-4o"}]).population(["elicit"])
    with pytest.raises(RegistryError, match="has base_url and huggingface"):
        both = {"id": "x", "base_url": "http://127.0.0.1:9/v1", "huggingface": "a/b"}
        write(tmp_path, models=[both]).population(["elicit"])
    # Facts are enough where nobody is asked.
    assert write(tmp_path, models=[{"id": "gpt-4o"}]).population([])[0].entry.developer == "OpenAI"


@pytest.mark.parametrize("key", ["gguf_file", "revision"])
def test_a_key_of_transformers_that_nothing_would_use_is_refused(key: str) -> None:
    with pytest.raises(RegistryError, match=f"has {key}, and does not run in this process"):
        resolve(ModelSettings(**{"id": "smollm2-135m-instruct", key: "x"}))
