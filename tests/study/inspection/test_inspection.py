"""A real model behind Inspect: the packaged SmolLM2, served on loopback."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from valuelex import Study
from valuelex.errors import DataError, ResultsFolderError
from valuelex.study.inspection.logs import read_inspect_logs, write_study

inspect_ai = pytest.importorskip("inspect_ai", reason="needs the extra [inspect]")
xllamacpp = pytest.importorskip("xllamacpp", reason="needs the extra [demo]")

# Inspect's own: it calls an older form of tenacity.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    from inspect_ai.model import get_model

    from valuelex.models import registry
    from valuelex.models.artifacts import locate
    from valuelex.models.engines.embedded import EmbeddedEngine
    from valuelex.study.inspection.task import projective

    path = locate(registry().model("smollm2-135m-instruct").artifact)
    parameters = EmbeddedEngine(path)._parameters(xllamacpp, "token-of-this-test")
    server = xllamacpp.Server(parameters)
    model = get_model(
        "openai-api/local/smollm2", base_url=f"{server.listening_address}/v1", api_key="token-of-this-test"
    )
    [found] = inspect_ai.eval(
        projective(stems=24, samples=2, max_tokens=30),
        model=model,
        limit=3,
        max_connections=1,
        display="none",
        log_dir=str(tmp_path_factory.mktemp("logs")),
    )
    del server
    return found


@pytest.mark.real_models
def test_every_stem_is_completed_twice_and_not_twice_the_same(log):
    assert log.status == "success", log.error
    assert len(log.samples) == 6
    texts = {(s.id, s.epoch): s.output.completion for s in log.samples}
    assert len(texts) == 6
    assert any(texts[i, 1] != texts[i, 2] for i, _ in texts)


@pytest.mark.real_models
def test_what_is_not_applicable_counts_nothing(log):
    """Inspect's own mean over epochs would count it as 0."""
    by_scale: dict[str, list[float]] = {}
    for sample in log.samples:
        for name, value in sample.scores["embedded_judge"].value.items():
            by_scale.setdefault(name, []).extend([] if value is None else [value])
    assert len(by_scale) == 6
    for one in log.results.scores:
        shown = next(m.value for key, m in one.metrics.items() if "applicable_mean" in key)
        if not by_scale[one.name]:
            assert math.isnan(shown)
        else:
            assert min(by_scale[one.name]) - 1e-9 <= shown <= max(by_scale[one.name]) + 1e-9


@pytest.mark.real_models
def test_a_log_becomes_a_study(log, tmp_path):
    tables = read_inspect_logs([log.location])
    assert (len(tables["instrument"]), len(tables["completions"]), len(tables["judgements"])) == (3, 6, 36)
    path = write_study(tables, tmp_path / "taken")
    assert yaml.safe_load(path.read_text())["inputs"]["completions"] == "completions.csv"
    study = Study.load(path)
    study.run(to="score")
    assert set(study.scores["model_id"]) == {"openai-api/local/smollm2"}
    judged = tables["judgements"].dropna(subset=["score"])
    own = study.scores.set_index(["level", "dimension"])["n"]
    assert own.loc["subdimension"].sum() == len(judged)
    with pytest.raises(ResultsFolderError, match="not empty"):
        write_study(tables, tmp_path / "taken")


@pytest.mark.real_models
def test_rejudged_by_the_study_scores_are_those_of_the_log(log, tmp_path):
    tables = read_inspect_logs([log.location])
    study = Study.load(write_study(tables, tmp_path / "again", rejudge=True))
    study.run(to="judge")
    keys = ["completion_id", "dimension"]
    both = study.judgements.merge(tables["judgements"], on=keys, suffixes=("", "_log"))
    pd.testing.assert_series_equal(both["score"], both["score_log"], check_names=False)


@pytest.mark.real_models
def test_the_same_log_twice_is_refused(log):
    with pytest.raises(DataError, match="twice"):
        read_inspect_logs([log.location, log.location])


def test_no_log(tmp_path):
    path = tmp_path / "x.eval"
    path.write_text("nothing")
    with pytest.raises(DataError, match="no log of Inspect AI"):
        read_inspect_logs([path])


def test_a_log_of_another_task(tmp_path, monkeypatch):
    other = SimpleNamespace(eval=SimpleNamespace(task="gsm8k"), samples=[])
    monkeypatch.setattr("inspect_ai.log.read_eval_log", lambda path: other)
    with pytest.raises(DataError, match="gsm8k"):
        read_inspect_logs([tmp_path / "x.eval"])


@pytest.mark.real_models
def test_a_sample_that_ended_in_an_error_is_kept_as_one(log, tmp_path):
    from inspect_ai.log import EvalError, read_eval_log, write_eval_log
    from inspect_ai.model import ModelOutput

    broken = read_eval_log(log.location)
    broken.samples[0].output = ModelOutput()
    broken.samples[0].scores = None
    broken.samples[0].error = EvalError(message="the connection was lost", traceback="", traceback_ansi="")
    path = tmp_path / "broken.eval"
    write_eval_log(broken, str(path))
    tables = read_inspect_logs([path])
    assert tables["completions"]["status"].eq("error").sum() == 1 and len(tables["completions"]) == 6
    study = Study.load(write_study(tables, tmp_path / "taken"))
    study.run(to="score")
    assert len(study.scores)
