"""A frozen plan: what it holds, how a deviation is found, and what it never holds."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

import valuelex
from valuelex.errors import BadInput
from valuelex.models import Ledger, Request, Response
from valuelex.report import render
from valuelex.report.evidence import Evidence
from valuelex.report.overview import overview
from valuelex.study import thresholds
from valuelex.study.deviations import Standing, lost_plan, standing
from valuelex.study.freeze import freeze, frozen_path, read_frozen, without_secrets
from valuelex.study.manifest import LEDGER
from valuelex.study.pack import pack

Run = Callable[..., tuple[int, str, str]]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOBODY = "http://127.0.0.1:9/v1"


def stands(folder: Path) -> Standing:
    study = valuelex.Study.load(folder)
    found = standing(study.path, study.file, study.folder, study.results)
    assert found is not None
    return found


def keys(folder: Path) -> dict[str, tuple[str, str, str]]:
    return {d.key: (d.kind, d.frozen, d.now) for d in stands(folder).deviations}


def test_a_plan_is_written_before_the_data_and_nothing_deviates(stub_study) -> None:
    folder = stub_study(NOBODY)
    made = freeze(valuelex.Study.load(folder), now=NOW)
    assert made == read_frozen(folder / "frozen.yaml")
    assert (made.when, made.answers, made.intact) == ("2026-01-02T03:04:05+00:00", 0, True)
    assert made.content["settings"]["comparison"]["confidence"] == 0.95, "defaults are written out"
    values = {t["name"]: t["value"] for t in made.content["thresholds"]}
    assert (values["kmo.least"], values["congruence.fair"], values["eigenvalue.p"]) == (0.5, 0.85, 0.01)
    assert "before any answer" in made.summary()
    assert list(made.content)[:3] == ["format", "study", "frozen"], "in an order that people can read"
    assert stands(folder).deviations == ()
    # The same study frozen at the same moment gives the same hash.
    assert freeze(valuelex.Study.load(stub_study(NOBODY, folder="other")), now=NOW).sha256 == made.sha256


def test_every_kind_of_deviation_is_found(stub_study, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = stub_study(NOBODY, lexicon={"overrides": "o.csv"})
    (folder / "o.csv").write_text("form,word,reason\nzeal,,too rare\n")
    freeze(valuelex.Study.load(folder))
    content = yaml.safe_load((folder / "study.yaml").read_text())
    content["taxonomy"]["bootstrap"] = 99
    content["elicitation"]["concurrency"] = 9
    content["models"][0]["mode"] = "completion"
    content["models"].append({"id": "late", "base_url": NOBODY})
    content["results"] = "elsewhere"
    (folder / "study.yaml").write_text(yaml.safe_dump(content))
    (folder / "o.csv").write_text("form,word,reason\nzeal,love,why not\n")
    (folder / "edits.yaml").write_text("- rename: {piece: A, to: B}\n")
    monkeypatch.setattr("valuelex.taxonomy.document.FAIR_CONGRUENCE", 0.5)
    found = keys(folder)
    assert found["taxonomy.bootstrap"] == ("setting", "10", "99")
    assert found["models[alpha-7b-chat].mode"] == ("setting", "null", "completion")
    assert found["models[late]"] == ("model", "(not there)", "there")
    assert found["congruence.fair"] == ("threshold", "0.85", "0.5")
    assert found["edits.yaml"][:2] == ("file", "(not there)")
    assert found["o.csv"][0] == "file"
    assert set(found) == {
        *("taxonomy.bootstrap", "models[alpha-7b-chat].mode", "models[late]", "congruence.fair", "edits.yaml", "o.csv")
    }, "what cannot move an answer is no deviation"
    (folder / "o.csv").unlink()
    assert keys(folder)["o.csv"][2] == "(not there)"


def test_another_version_and_other_packaged_content_deviate(stub_study, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = stub_study(NOBODY)
    freeze(valuelex.Study.load(folder))
    monkeypatch.setattr("valuelex.study.deviations.__version__", "9.9")
    monkeypatch.setattr("valuelex.study.freeze.packaged_digest", lambda: "0" * 64)
    found = keys(folder)
    assert found["valuelex"][2] == "9.9"
    assert found["packaged prompts, lists, stems and manuals"][0] == "packaged"


def test_calls_asked_again_deviate(stub_study) -> None:
    folder = stub_study(NOBODY)
    study = valuelex.Study.load(folder)
    freeze(study)
    request = Request("m", NOBODY, "m", "chat", messages=(("user", "hello"),))
    study.results.mkdir()
    ledger = Ledger(study.results / LEDGER)
    ledger.append(request, Response("", status="error", error="busy"))
    assert keys(folder) == {}
    ledger.append(request, Response("honesty"))
    ledger.close()
    assert keys(folder) == {"calls asked again after an error or a filter": ("calls", "0", "1")}


def test_a_plan_frozen_late_says_so_and_is_never_replaced_silently(stub_study) -> None:
    folder = stub_study(NOBODY)
    study = valuelex.Study.load(folder)
    first = freeze(study, now=NOW)
    with pytest.raises(BadInput, match="the plan was frozen on 2026-01-02"):
        freeze(study)
    with pytest.raises(BadInput, match="the reason is empty"):
        freeze(study, again=" ")
    with pytest.raises(BadInput, match="there is no plan yet"):
        freeze(valuelex.Study.load(stub_study(NOBODY, folder="new")), again="why")
    study.results.mkdir()
    ledger = Ledger(study.results / LEDGER)
    ledger.append(Request("m", NOBODY, "m", "chat", messages=(("user", "hello"),)), Response("honesty"))
    ledger.close()
    changed = valuelex.Study.load(stub_study(NOBODY, taxonomy={"bootstrap": 20}))
    second = freeze(changed, again="more resamples")
    assert second.answers == 1
    assert "no preregistration" in second.summary()
    [entry] = second.history
    assert (entry["sha256"], entry["answers"], entry["reason"]) == (first.sha256, 0, "more resamples")
    assert entry["changes"] == [{"key": "taxonomy.bootstrap", "before": "10", "after": "20"}]
    assert stands(folder).deviations == ()
    assert len(freeze(changed, again="once more").history) == 2


def test_a_plan_changed_by_hand_is_found(stub_study) -> None:
    folder = stub_study(NOBODY, taxonomy={"bootstrap": 99})
    freeze(valuelex.Study.load(folder))
    path = folder / "frozen.yaml"
    text = path.read_text()
    path.write_text(text.replace("bootstrap: 99", "bootstrap: 98"))
    found = keys(folder)
    assert found["frozen.yaml"][0] == "plan"
    assert "taxonomy.bootstrap" in found
    path.write_text("# a remark\n" + text)
    assert keys(folder) == {}, "comments are not part of it"
    for broken in (
        "",
        "a: 1\n",
        text.replace("format: 1", "format: 2"),
        text.replace("history: []", "history: [1]"),
        text.replace("given: []", "given: [1]"),
        text.replace("id: alpha-7b-chat", "id: [alpha-7b-chat]"),
        "\x00",
    ):
        path.write_text(broken)
        with pytest.raises(BadInput, match="is no frozen plan"):
            stands(folder)


def test_a_study_that_could_not_run_cannot_be_frozen(stub_study) -> None:
    with pytest.raises(BadInput, match="none.yaml does not exist"):
        freeze(valuelex.Study.load(stub_study(NOBODY, elicitation={"prompts": "none.yaml"})))
    with pytest.raises(BadInput, match="overrides"):
        freeze(valuelex.Study.load(stub_study(NOBODY, lexicon={"overrides": "none.csv"})))
    assert not (stub_study(NOBODY) / "frozen.yaml").exists()


def test_a_study_that_starts_from_tables_cannot_say_whether_they_were_seen(stub_study) -> None:
    folder = stub_study(NOBODY, inputs={"assignments": "a.csv"})
    (folder / "a.csv").write_text("word,dimension\nhonesty,Moral\nlove,Warm\n")
    made = freeze(valuelex.Study.load(folder))
    assert "whether these had been seen is not known" in made.summary()
    [fact] = [f for f in overview(Evidence(valuelex.Study.load(folder))).facts if f.name == "frozen plan"]
    assert "before the first answer" not in fact.remark
    assert "whether seen before is not known" in fact.remark
    (folder / "a.csv").write_text("word,dimension\nhonesty,Moral\nlove,Moral\n")
    assert keys(folder)["a.csv"][0] == "file"


def test_no_secret_is_written(stub_study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-canary-0123456789")
    model = {"id": "m", "base_url": NOBODY, "api_key_env": "MY_KEY", "headers": {"X-Team": "canary-team"}}
    folder = stub_study(
        NOBODY,
        models=[model],
        taxonomy={"embedding": f"endpoint:{NOBODY}?model=e&api_key_env=MY_KEY"},
    )
    freeze(valuelex.Study.load(folder))
    text = (folder / "frozen.yaml").read_text()
    assert "canary" not in text
    assert "MY_KEY" in text
    assert f"endpoint:{NOBODY}?model=e&api_key_env=MY_KEY" in text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("http://user:pw@host:80/v1", "http://(hidden)@host:80/v1"),
        (
            "endpoint:https://user:pw@host/v1?model=a/b&token=abc",
            "endpoint:https://(hidden)@host/v1?model=a/b&token=(hidden)",
        ),
        ("https://host/v1#abc", "https://host/v1"),
        ("http://[bad", "(hidden)"),
        ("plain text", "plain text"),
        ({"headers": {"a": "b"}, "n": [1, "x"]}, {"headers": {"a": "(hidden)"}, "n": [1, "x"]}),
    ],
)
def test_what_is_hidden(given: Any, shown: Any) -> None:
    assert without_secrets(given) == shown


def test_where_the_plan_of_another_study_file_lies() -> None:
    assert frozen_path(Path("a/study.yaml")) == Path("a/frozen.yaml")
    assert frozen_path(Path("a/demo.yaml")) == Path("a/demo.frozen.yaml")


def test_every_threshold_is_where_it_is_said_to_be() -> None:
    names = [t.name for t in thresholds.THRESHOLDS]
    assert len(set(names)) == len(names)
    for threshold in thresholds.THRESHOLDS:
        assert isinstance(threshold.value, (int, float, str, list)), threshold.name


def test_the_commands_the_report_and_the_pack(run: Run, stub, stub_study, tmp_path: Path) -> None:
    folder = stub_study(stub().url)
    code, out, _ = run("freeze", folder)
    assert (code, "before any answer" in out) == (0, True)
    code, _, err = run("freeze", folder)
    assert (code, "--again" in err) == (2, True)
    study = valuelex.Study.load(folder)
    study.run("taxonomy")
    assert "Nothing deviates from it." in run("status", folder)[1]
    html = render(study)
    assert 'id="frozen"' in html
    assert "Nothing deviates from the frozen plan" in html
    study.run("report")
    zipped = pack(study, tmp_path / "a.zip")
    assert "frozen.yaml" in zipped.files
    with zipfile.ZipFile(zipped.path) as archive:
        archive.extractall(tmp_path / "there")
    unpacked = valuelex.Study.load(tmp_path / "there")
    assert standing(unpacked.path, unpacked.file, unpacked.folder, unpacked.results).deviations == ()  # type: ignore[union-attr]

    (folder / "edits.yaml").write_text("- rename: {piece: '<b>', to: B}\n")
    again = valuelex.Study.load(folder)
    assert {s.stage: s.state for s in again.status()}["report"] == "stale", "a deviation is news for the report"
    assert "edits.yaml: (not there) ->" in run("status", folder)[1]
    html = render(again)
    assert "deviates from its frozen plan in 1 point: edits.yaml" in html
    assert 'id="frozen-deviations"' in html
    code, out, _ = run("freeze", folder, "--again", "edits were made")
    assert (code, "no preregistration" in out) == (0, True)
    html = render(valuelex.Study.load(folder))
    assert "this is no preregistration" in html
    assert "edits were made" in html


def test_a_plan_that_goes_leaves_a_trace(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words.csv").write_text("respondent_id,word\n" + "".join(f"p{i},honesty\n" for i in range(5)))
    (tmp_path / "study.yaml").write_text("models: []\ninputs: {words: words.csv}\n")
    study = valuelex.Study.load(tmp_path)
    freeze(study, now=NOW)
    study.run("lexicon")
    assert lost_plan(study.path, study.results) is None
    (tmp_path / "frozen.yaml").unlink()
    said = lost_plan(study.path, study.results)
    assert said is not None and "is gone" in said
    valuelex.Study.load(tmp_path).run()
    assert "is gone" in (study.results / "report.html").read_text(encoding="utf-8")
    code, text, _ = run("status", str(tmp_path))
    assert code == 0
    assert "A plan of this study had been frozen" in text
    freeze(valuelex.Study.load(tmp_path), now=NOW)
    assert lost_plan(study.path, study.results) is None
