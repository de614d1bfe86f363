"""What is up to date, what is stale, what a study starts from, and what it says of bad input."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

import valuelex
from valuelex.errors import (
    DataError,
    EndpointError,
    RegistryError,
    ResultsFolderError,
    SettingError,
    StudyFileError,
    TableError,
    ValuelexError,
)
from valuelex.study import STAGES, Listener, StudyFile, read_manifest
from valuelex.study.dry_run import dry_run
from valuelex.study.init import write_template
from valuelex.study.views import list_models, show_models, show_prompt, show_trace, trace_word
from valuelex.tables import digest


def states(study: valuelex.Study) -> dict[str, str]:
    return {s.stage: s.state for s in study.status()}


def test_a_run_a_change_and_a_second_run(stub, stub_study) -> None:
    server = stub()
    folder = stub_study(server.url)
    study = valuelex.Study.load(folder)
    assert set(states(study).values()) == {"missing"}
    heard: list[tuple[str, str]] = []
    assert study.run("report", listener=Listener(on_stage=lambda s, w: heard.append((s, w)))) == [*STAGES, "report"]
    assert heard[:2] == [("elicit", "run"), ("elicit", "done")]
    assert set(states(study).values()) == {"done"}
    assert valuelex.Study.load(folder).run("report") == []
    asked = len(server.requests())

    # A setting of one stage makes that stage and those below it stale, and asks nothing again.
    changed = valuelex.Study.load(stub_study(server.url, comparison={"smallest_effect": 0.5}))
    assert [s for s, state in states(changed).items() if state != "done"] == ["compare", "report"]
    assert changed.run("report") == ["compare", "report"]
    # A harmless one changes nothing.
    harmless = valuelex.Study.load(
        stub_study(server.url, comparison={"smallest_effect": 0.5}, elicitation={"concurrency": 9})
    )
    assert harmless.run("compare") == []
    assert len(server.requests()) == asked
    # One more temperature asks only what is new.
    more = valuelex.Study.load(stub_study(server.url, respondents={"temperature": [0.3, 0.7, 1.0, 1.3]}))
    more.run("elicit")
    assert len(server.requests()) == asked + 2 * 15
    assert len(more.responses) == 2 * 4 * 15


def test_tables_and_documents_are_attributes(stub, stub_study) -> None:
    study = valuelex.Study.load(stub_study(stub().url))
    with pytest.raises(AttributeError, match="does not exist"):
        _ = study.responses
    study.run("taxonomy")
    assert isinstance(study.responses, pd.DataFrame)
    assert {"word", "dimension"} <= set(study.taxonomy.columns)
    assert study.document("adequacy")["factorable"] in (True, False)
    with pytest.raises(AttributeError, match="no attribute 'wordz'"):
        _ = study.wordz
    with pytest.raises(SettingError, match="'wordz' is no document"):
        study.document("wordz")


def test_a_changed_output_is_made_again(stub, stub_study) -> None:
    study = valuelex.Study.load(stub_study(stub().url))
    study.run("lexicon")
    path = study.results / "lexicon.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[:50])
    assert states(study)["lexicon"] == "stale"
    assert study.run("lexicon") == ["lexicon"]
    assert path.read_bytes() == whole


def test_the_manifest_holds_versions_seed_settings_and_hashes(stub, stub_study) -> None:
    study = valuelex.Study.load(stub_study(stub().url))
    study.run("lexicon")
    manifest = read_manifest(study.results)
    assert manifest is not None
    assert (manifest.study, manifest.seed, manifest.valuelex) == ("stubbed", 11, valuelex.__version__)
    assert manifest.packages["numpy"]
    assert manifest.settings["elicitation"]["samples"] == 1
    record = manifest.stages["lexicon"]
    assert record.outputs["words.csv"] == digest(study.results / "words.csv")
    assert record.inputs["responses.parquet"] == digest(study.results / "responses.parquet")
    assert record.counts["words"] == len(study.words)


def test_keys_never_reach_the_results(stub, stub_study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHA_KEY", "s3cret-of-alpha")
    server = stub("--key", "s3cret-of-alpha")
    models = [{"id": "a", "base_url": server.url, "api_key_env": "ALPHA_KEY"}]
    study = valuelex.Study.load(stub_study(server.url, models=models))
    study.run("elicit")
    assert len(study.responses) == 45
    for path in study.results.iterdir():
        assert b"s3cret" not in path.read_bytes()


# ---- starting from a table ----


def test_given_words_start_the_chain_at_the_lexicon(stub, stub_study) -> None:
    folder = stub_study("http://127.0.0.1:9/v1", inputs={"words": "mine.csv"})
    rows = [
        f"p{i},{w}" for i in range(40) for w in ("honesty", "care", "skill", "love", "truth", "speed", "grace")[i % 3 :]
    ]
    (folder / "mine.csv").write_text("respondent_id,word\n" + "\n".join(rows) + "\n")
    study = valuelex.Study.load(folder)
    assert study.run("taxonomy") == ["lexicon", "taxonomy"]
    assert len(study.lexicon) == 7
    assert states(study)["elicit"] == "not needed"


def test_given_completions_and_a_bare_instrument_are_judged(stub_study) -> None:
    folder = stub_study("http://127.0.0.1:9/v1", models=[], inputs={"completions": "c.csv", "instrument": "i.csv"})
    (folder / "i.csv").write_text("item_id,stem,dimension\ni1,When nobody looks I,Ethical\ni2,My work,Self-Competent\n")
    (folder / "c.csv").write_text(
        "item_id,model_id,text\ni1,gpt,tell the truth anyway\ni2,gpt,is checked twice\ni1,bert,cheat\n"
    )
    study = valuelex.Study.load(folder)
    assert study.run("compare") == ["instrument", "administer", "judge", "score", "compare"]
    assert len(study.judgements) == 3 * 2
    assert set(study.scores["model_id"]) == {"gpt", "bert"}
    assert study.status()[0].state == "not needed"


def test_a_given_table_without_its_column_is_refused(stub_study) -> None:
    folder = stub_study("http://127.0.0.1:9/v1", inputs={"words": "mine.csv"})
    (folder / "mine.csv").write_text("who,word\na,honesty\n")
    with pytest.raises(TableError, match=r"mine\.csv: column respondent_id is missing"):
        valuelex.Study.load(folder).run("taxonomy")


def test_own_taxonomy_needs_dimensions(stub_study) -> None:
    folder = stub_study("http://127.0.0.1:9/v1", inputs={"words": "mine.csv"})
    (folder / "mine.csv").write_text("respondent_id,word\na,honesty\nb,honesty\n")
    study = valuelex.Study.load(folder)
    with pytest.raises(ValuelexError, match="dimension"):
        study.run("instrument")
    assert study.document("taxonomy")["interpretable"] is False


# ---- the study file ----


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ("models: [{id: a}]\nsead: 3\n", "line 2: unknown key 'sead'", "Did you mean 'seed'?"),
        (
            "models: []\nelicitation:\n  samples: 2\n  promts: x\n",
            "line 4: unknown key 'elicitation.promts'",
            "'prompts'",
        ),
        ("models: [{id: a}]\nelicitation: {samples: many}\n", "line 2: elicitation.samples: ", "Mend"),
        ("models: [{id: a}]\nseed: -1\n", "line 2: seed: ", "Mend"),
        ("seed: 3\n", "key 'models' is missing", "Add it"),
        ("models:\n  - {id: a}\n  - {idd: b}\n", "line 3: ", ""),
        ("models: [{id: a}, {id: a}]\n", "the id a stands more than once", ""),
        ("models: [{id: a}]\nelicitation: {prompts: []}\n", "no prompts", ""),
        ("models: [{id: a}]\njudges: []\n", "judges", ""),
        ("models: [{id: a}]\njudges: [embeded]\n", "judges", ""),
        ("models: [{id: a}]\ninputs: {wordz: a.csv}\n", "inputs.wordz is no table to start from", ""),
        ("models: [{id: a}]\nrespondents: {temperature: [3]}\n", "respondents.temperature[0]", ""),
        ("models: [{id: a\n", "not valid YAML", ""),
        ("just text\n", "holds no keys", ""),
        ("", "holds no keys", ""),
    ],
)
def test_a_bad_study_file_is_named_by_line_and_key(tmp_path: Path, text: str, said: str, remedy: str) -> None:
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(StudyFileError) as error:
        valuelex.Study.load(tmp_path)
    assert said in error.value.what
    assert remedy in error.value.remedy
    assert "study.yaml" in error.value.what


def test_every_key_but_models_has_a_default() -> None:
    file = StudyFile.model_validate({"models": [{"id": "gemma-3-270m"}]})
    assert (file.seed, file.elicitation.samples, file.instrument.stems, file.judges) == (7, 2, 60, ["embedded"])
    assert file.comparison.contrasts == ["parameters", "training"]


def test_an_unknown_model_is_refused_before_anything_is_written(stub_study) -> None:
    folder = stub_study("http://x/v1", models=[{"id": "gpt-17"}])
    with pytest.raises(RegistryError, match="'gpt-17' is not in the registry"):
        valuelex.Study.load(folder).run("elicit")
    assert not (folder / "results").exists()


def test_no_models_where_models_are_needed(stub_study) -> None:
    with pytest.raises(StudyFileError, match="models is empty"):
        valuelex.Study.load(stub_study("http://x/v1", models=[])).run("elicit")


def test_a_missing_study_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="no such study file") as error:
        valuelex.Study.load(tmp_path / "nothing.yaml")
    assert "valuelex init" in error.value.remedy


# ---- the results folder ----


def test_another_studys_results_are_not_touched(stub, stub_study) -> None:
    server = stub()
    study = valuelex.Study.load(stub_study(server.url))
    study.run("elicit")
    other = valuelex.Study.load(stub_study(server.url, name="another"))
    with pytest.raises(ResultsFolderError, match="holds the results of the study 'stubbed', not of 'another'"):
        other.run("elicit")


def test_a_folder_of_someone_elses_files_is_not_taken(stub_study) -> None:
    folder = stub_study("http://x/v1")
    (folder / "results").mkdir()
    (folder / "results" / "thesis.docx").write_text("years of work")
    with pytest.raises(ResultsFolderError, match=r"holds thesis\.docx and no manifest\.json"):
        valuelex.Study.load(folder).run("elicit")


def test_two_runs_at_once_are_refused(stub, stub_study) -> None:
    study = valuelex.Study.load(stub_study(stub().url))
    with study.locked(), pytest.raises(ResultsFolderError, match="another valuelex run"):
        valuelex.Study.load(study.folder).run("elicit")


def test_a_file_where_the_results_should_be(stub_study) -> None:
    folder = stub_study("http://x/v1")
    (folder / "results").write_text("in the way")
    with pytest.raises(ResultsFolderError, match="cannot be written"):
        valuelex.Study.load(folder).run("elicit")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_stops_the_run_and_says_so(stub, stub_study) -> None:
    folder = stub_study(stub().url)
    (folder / "results").mkdir()
    (folder / "results" / "calls.jsonl").symlink_to("/dev/full")
    with pytest.raises(ResultsFolderError, match="the disk is full"):
        valuelex.Study.load(folder).run("elicit")


def test_a_small_real_file_system_fills_up_and_the_run_goes_on_later(stub, stub_study) -> None:
    """A tmpfs of 64 kB, where this process may mount one."""
    server = stub()
    folder = stub_study(server.url)
    results = folder / "results"
    results.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(results)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this process may not mount a file system")
    try:
        with pytest.raises(ResultsFolderError, match="the disk is full"):
            valuelex.Study.load(folder).run("compare")
        kept = (results / "calls.jsonl").read_bytes().count(b"}\n")
        assert kept > 0
        subprocess.run(["mount", "-o", "remount,size=64m", str(results)], check=True)
        asked = len(server.requests())
        valuelex.Study.load(folder).run("elicit")
        assert len(server.requests()) - asked <= 90 - kept
    finally:
        subprocess.run(["umount", str(results)], check=True)


def test_an_endpoint_that_is_down_and_one_that_wants_a_key(stub, stub_study, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EndpointError, match="cannot be reached"):
        valuelex.Study.load(stub_study("http://127.0.0.1:9/v1")).run("elicit")
    server = stub("--key", "right")
    monkeypatch.setenv("ALPHA_KEY", "wrong")
    models = [{"id": "a", "base_url": server.url, "api_key_env": "ALPHA_KEY"}]
    study = valuelex.Study.load(stub_study(server.url, folder="b", models=models))
    with pytest.raises(EndpointError, match=r"refuses the key in \$ALPHA_KEY"):
        study.run("elicit")
    monkeypatch.delenv("ALPHA_KEY")
    with pytest.raises(EndpointError, match="ALPHA_KEY .* is not set"):
        study.run("elicit")


def test_a_broken_ledger_line_is_mended_at_the_end_and_passed_over_in_the_middle(stub, stub_study) -> None:
    server = stub()
    study = valuelex.Study.load(stub_study(server.url))
    study.run("elicit")
    ledger = study.results / "calls.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:-40])
    (study.results / "responses.parquet").unlink()
    told: list[str] = []
    asked = len(server.requests())
    study.run("elicit", listener=Listener(tell=told.append))
    assert "cut off" in told[0]
    assert len(server.requests()) == asked + 1
    lines = whole.splitlines(keepends=True)
    ledger.write_bytes(b"".join([*lines[:2], b"garbage\n", *lines[3:]]))
    (study.results / "responses.parquet").unlink()
    told.clear()
    asked = len(server.requests())
    study.run("elicit", listener=Listener(tell=told.append))
    assert "line 3: 1 line is no record of a call" in told[0]
    assert len(server.requests()) == asked + 1


def test_a_manifest_that_cannot_be_read(stub, stub_study) -> None:
    study = valuelex.Study.load(stub_study(stub().url))
    study.run("elicit")
    (study.results / "manifest.json").write_text("{")
    with pytest.raises(ResultsFolderError, match=r"manifest\.json: cannot be read"):
        study.run("elicit")


def test_an_unknown_stage(stub_study) -> None:
    with pytest.raises(SettingError, match="'taxonomi' is no stage"):
        valuelex.Study.load(stub_study("http://x/v1")).run("taxonomi")


# ---- views ----


def test_a_dry_run_counts_and_asks_nothing(stub, stub_study) -> None:
    server = stub()
    study = valuelex.Study.load(stub_study(server.url))
    plan = {(p.stage, p.model_id): p for p in dry_run(study)}
    assert plan["elicit", "alpha-7b-chat"].planned == 45
    assert plan["administer", "alpha-1b"].planned == 12
    assert plan["administer", "alpha-1b"].exact is False
    assert server.requests() == []
    study.run("administer")
    after = {(p.stage, p.model_id): p for p in dry_run(study)}
    assert all(p.answered == p.planned for p in after.values() if p.exact)
    assert after["administer", "alpha-1b"].exact is True


def test_the_prompt_that_is_shown_is_the_one_that_is_sent(stub, stub_study) -> None:
    server = stub()
    study = valuelex.Study.load(stub_study(server.url))
    shown = show_prompt(study, 3)
    study.run("elicit")
    first_text = shown.split("--- user\n")[1]
    assert any(first_text in request for request in server.requests())
    assert "--- text to continue" in show_prompt(study, 90)
    with pytest.raises(SettingError, match="there are 90 calls"):
        show_prompt(study, 91)


def test_a_word_is_traced_to_its_answers(stub, stub_study) -> None:
    study = valuelex.Study.load(stub_study(stub().url))
    study.run("taxonomy")
    text = show_trace(trace_word(study, "Honesty"))
    assert "dimension" in text
    assert "'Honesty' -> honesty (kept: value lexicon)" in text
    assert "seed" in text
    assert show_trace(trace_word(study, " HONESTY ")) == text
    with pytest.raises(ValuelexError, match="No answer holds the word 'toaster'"):
        show_trace(trace_word(study, "toaster"))


def test_words_without_a_structure_get_a_report_that_says_why(stub_study) -> None:
    folder = stub_study("http://127.0.0.1:9/v1", models=[], inputs={"words": "w.csv"}, lexicon={"min_respondents": 1})
    head = "response_id,respondent_id,model_id,position,raw,word,kept,reason"
    (folder / "w.csv").write_text(f"{head}\nr7,m|hot,m,1,Honest,honesty,true,\n")
    study = valuelex.Study.load(folder)
    told: list[str] = []
    assert study.run(listener=Listener(tell=told.append)) == ["lexicon", "taxonomy", "report"]
    assert any("The chain ends here" in said and "nothing to test" in said for said in told)
    assert "There is no taxonomy." in (study.results / "report.html").read_text()
    with pytest.raises(DataError, match="nothing to test"):
        study.run("instrument")


def test_a_given_word_is_traced_to_who_named_it(stub_study) -> None:
    folder = stub_study("http://127.0.0.1:9/v1", inputs={"words": "w.csv"}, lexicon={"min_respondents": 1})
    head = "response_id,respondent_id,model_id,position,raw,word,kept,reason"
    (folder / "w.csv").write_text(f"{head}\nr7,m|hot,m,1,Honest,honesty,true,\n")
    study = valuelex.Study.load(folder)
    study.run("lexicon")
    text = show_trace(trace_word(study, "honesty"))
    assert "'Honest' -> honesty (kept)" in text
    assert "m|hot, answer r7" in text


def test_models_say_which_endpoints_answer(stub, stub_study) -> None:
    server = stub()
    models = [{"id": "up", "base_url": server.url}, {"id": "down", "base_url": "http://127.0.0.1:9/v1"}]
    shown = show_models(list_models(valuelex.Study.load(stub_study(server.url, models=models)))).splitlines()
    assert shown[1].endswith("answers")
    assert "cannot be reached" in shown[2]
    assert "gemma-3-270m" in show_models(list_models(None))


@pytest.mark.parametrize("template", ["demo", "replication"])
def test_templates_are_studies(tmp_path: Path, template: str) -> None:
    path = write_template(tmp_path / "mine", template)
    study = valuelex.Study.load(path)
    assert study.file.name == "mine"
    assert study.results == (tmp_path / "mine" / "results").resolve()
    assert "#" in path.read_text()
    with pytest.raises(StudyFileError, match="exists already"):
        write_template(tmp_path / "mine", template)


def test_the_replication_has_525_respondents_and_15_prompts(tmp_path: Path) -> None:
    write_template(tmp_path, "replication")
    plan = dry_run(valuelex.Study.load(tmp_path), "elicit")
    assert sum(p.planned for p in plan) == 525 * 15


def test_the_demo_asks_at_least_24_respondents_for_600_answers() -> None:
    from valuelex.resources import find

    content = yaml.safe_load(find("studies", "demo.yaml").read_text())
    file = StudyFile.model_validate(content)
    from valuelex.elicitation import respondents
    from valuelex.models import resolve

    who = respondents([resolve(m) for m in file.models], file.respondents)
    assert len(who) >= 24
    assert len(who) * 15 * file.elicitation.samples >= 600


# ---- before the first call ----


def test_what_a_later_stage_cannot_use_is_refused_before_the_first_call(stub, stub_study) -> None:
    server = stub()
    for name, changes in {
        "taxonomy": {"instrument": {"taxonomy": "schwarz"}},
        "lexicon": {"lexicon": {"values": "valus"}},
        "embedding": {"taxonomy": {"embedding": "minilm"}},
        "judge": {"judges": [{"id": "nobody"}]},
        "judge key": {"judges": [{"id": "j", "base_url": server.url, "api_key_env": "NO_SUCH_KEY"}]},
        "self": {"judges": [{"id": "alpha-7b-chat", "base_url": server.url, "model": "alpha"}]},
    }.items():
        with pytest.raises(ValuelexError) as error:
            valuelex.Study.load(stub_study(server.url, folder=name, **changes)).run("compare")
        assert error.value.exit_code == 2
        assert server.requests() == [], name


def test_a_dry_run_does_not_count_from_stale_tables(stub, stub_study) -> None:
    server = stub()
    judges = ["embedded", {"id": "j", "base_url": server.url, "model": "judge"}]
    valuelex.Study.load(stub_study(server.url, judges=judges)).run("judge")
    larger = valuelex.Study.load(stub_study(server.url, judges=judges, instrument={"stems": 18}))
    plan = {(p.stage, p.model_id): p for p in dry_run(larger)}
    assert plan["administer", "alpha-1b"].planned == 18
    assert plan["judge", "j"].planned == 43, "36 completions, a tenth of them twice more"
    assert not plan["judge", "j"].exact


def test_a_dry_run_does_not_mend_the_ledger(stub, stub_study) -> None:
    study = valuelex.Study.load(stub_study(stub().url))
    study.run("elicit")
    ledger = study.results / "calls.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-20])
    before = ledger.read_bytes()
    dry_run(study)
    assert ledger.read_bytes() == before


def test_names_that_yaml_reads_otherwise(tmp_path: Path) -> None:
    for name in ("2024", "yes", "a: b"):
        assert valuelex.Study.load(write_template(tmp_path / name, "demo")).file.name == name


def test_settings_that_move_an_answer_make_its_stage_stale_and_others_do_not(stub, stub_study) -> None:
    server = stub()
    model = {
        "id": "alpha-7b-chat",
        "base_url": server.url,
        "model": "alpha",
        "training": "aligned",
        "parameters": 7.0e9,
    }
    folder = stub_study(server.url, models=[model])
    valuelex.Study.load(folder).run("elicit")

    def state(**changes: object) -> str:
        stub_study(server.url, models=[model | changes])
        return valuelex.Study.load(folder).status()[0].state

    assert state() == "done"
    for harmless in ({"timeout": 7}, {"price": {"input": 1, "output": 2}}, {"requests_per_minute": 9}, {"batch": True}):
        assert state(**harmless) == "done", harmless
    for moving in ({"extra_body": {"top_k": 5}}, {"logprobs": True}, {"model": "beta"}, {"send_seed": False}):
        assert state(**moving) == "stale", moving
