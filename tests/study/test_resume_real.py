"""The same promise on the packaged models: a killed and resumed run gives the answers of an undisturbed one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import valuelex
from tests.study.test_resume import TIMED, kill_when, lines, start
from valuelex.errors import ArtifactError
from valuelex.models import ModelSettings, locate, resolve
from valuelex.tables import read

MODELS = ("smollm2-135m-instruct", "gemma-3-270m")


def write_study(folder: Path) -> Path:
    folder.mkdir()
    content = {
        "name": "real",
        "models": [{"id": m} for m in MODELS],
        "respondents": {"temperature": [0.8], "top_p": [0.95]},
        "elicitation": {"samples": 1, "max_tokens": 16},
        "lexicon": {"unknown": False, "min_respondents": 1},
        "taxonomy": {"bootstrap": 0},
        "instrument": {"stems": 12},
        "administration": {"samples": 1, "max_tokens": 12},
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(content))
    return folder


@pytest.mark.slow
@pytest.mark.real_models
def test_killed_runs_of_real_models(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    try:
        for model in MODELS:
            artifact = resolve(ModelSettings(id=model)).entry.artifact
            assert artifact is not None
            locate(artifact)
    except ArtifactError as error:
        pytest.skip(f"the packaged models cannot be had: {error.what}")
    calm, killed = write_study(tmp_path / "calm"), write_study(tmp_path / "killed")
    valuelex.Study.load(calm).run("compare")
    for limit in (4, 21, 34):
        kill_when(start(killed), lambda limit=limit: len(lines(killed)) >= limit)
    valuelex.Study.load(killed).run("compare")
    for name in ("responses", "completions"):
        a, b = (read(name, folder / "results").drop(columns=TIMED) for folder in (calm, killed))
        assert a.equals(b), f"{name} differs"
    for name in ("words", "assignments", "judgements", "scores"):
        a, b = ((folder / "results" / f"{name}.parquet").read_bytes() for folder in (calm, killed))
        assert a == b, f"{name} differs"
