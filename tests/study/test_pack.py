"""Replay, packing, spending cap, asking again: what a study does with its ledger."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

import valuelex
from valuelex import elicitation
from valuelex.errors import BadInput, BudgetReached, LedgerError, ResultsFolderError
from valuelex.models.calling.budget import tokens_in
from valuelex.models.seeds import call_seed
from valuelex.study.dry_run import dry_run
from valuelex.study.pack import pack
from valuelex.tables import TABLES, digest

SECRET = "sk-canary-0123456789"


def tables(folder: Path) -> dict[str, bytes]:
    names = {f"{t}{s}" for t in TABLES for s in (".parquet", ".csv")}
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name in names}


@pytest.fixture
def done(stub, stub_study, monkeypatch: pytest.MonkeyPatch):
    """A study that ran to the end against a stub that wants a key; the key is gone afterwards."""
    server = stub("--key", SECRET)
    keyed = {"base_url": server.url, "api_key_env": "STUB_KEY"}
    folder = stub_study(
        server.url,
        models=[
            {
                "id": "alpha-7b-chat",
                "model": "alpha",
                "family": "alpha",
                "training": "aligned",
                "parameters": 7.0e9,
                **keyed,
            },
            {
                "id": "alpha-1b",
                "model": "base",
                "family": "alpha",
                "training": "pretrained",
                "parameters": 1.0e9,
                **keyed,
            },
        ],
    )
    monkeypatch.setenv("STUB_KEY", SECRET)
    study = valuelex.Study.load(folder)
    study.run()
    return study, server


def test_replay_makes_every_table_anew_without_key_or_server(done, monkeypatch: pytest.MonkeyPatch) -> None:
    study, server = done
    before, asked = tables(study.results), len(server.requests())
    for path in study.results.iterdir():
        if path.name != "calls.jsonl":
            path.unlink()
    monkeypatch.delenv("STUB_KEY")
    server.process.kill()
    ran = valuelex.Study.load(study.path).run(replay=True)
    assert ran[0] == "elicit" and ran[-1] == "report"
    assert tables(study.results) == before
    assert len(server.requests()) == asked
    again = valuelex.Study.load(study.path).run(replay=True)
    assert again == ran[:-1], "a replay makes up-to-date tables anew as well; the report, of the same tables, stays"


def test_a_replay_says_which_calls_the_ledger_lacks(done) -> None:
    study, _ = done
    ledger = study.results / "calls.jsonl"
    lines = ledger.read_text().splitlines(keepends=True)
    lost = [line for line in lines if '"model_id":"alpha-1b"' in line and '"prompt_id"' in line][:3]
    ledger.write_text("".join(line for line in lines if line not in lost))
    with pytest.raises(LedgerError, match="lacks calls of the stage elicit: 3 to alpha-1b"):
        valuelex.Study.load(study.path).run(replay=True)


def test_a_packed_study_is_whole_and_replays(done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, _ = done
    out = tmp_path / "packed.zip"
    packed = pack(study, out, licence="CC-BY-4.0", author="A. Person")
    archive = zipfile.ZipFile(out)
    assert archive.testzip() is None
    assert set(archive.namelist()) == set(packed.files)
    assert {"README.md", "study.yaml", "data_dictionary.csv", "ro-crate-metadata.json", "results/calls.jsonl"} <= set(
        packed.files
    )
    crate = json.loads(archive.read("ro-crate-metadata.json"))
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    # RO-Crate 1.1: the descriptor is about the root, the root names its parts, and every part is described.
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert entities["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    parts = {part["@id"] for part in entities["./"]["hasPart"]}
    assert parts == set(packed.files) - {"ro-crate-metadata.json"}
    assert {"name", "description", "datePublished", "license"} <= set(entities["./"])
    for part in parts:
        content = archive.read(part)
        assert entities[part]["contentSize"] == str(len(content))
    assert entities["results/calls.jsonl"]["sha256"] == digest(study.results / "calls.jsonl")
    described = {
        (row["table"], row["column"])
        for row in csv.DictReader(io.StringIO(archive.read("data_dictionary.csv").decode()))
    }
    for name in packed.files:
        if name.startswith("results/") and name.endswith(".csv"):
            table = Path(name).stem
            head = next(csv.reader(io.StringIO(archive.read(name).decode())))
            wide = bool(TABLES[table].wide)
            assert wide or {(table, column) for column in head} <= described, table
    assert "CC-BY-4.0" in archive.read("README.md").decode() and "A. Person" in archive.read("README.md").decode()
    # The same results make the same bytes.
    pack(study, tmp_path / "again.zip", licence="CC-BY-4.0", author="A. Person")
    assert (tmp_path / "again.zip").read_bytes() == out.read_bytes()
    # And what is unpacked is a study.
    archive.extractall(tmp_path / "unpacked")
    monkeypatch.delenv("STUB_KEY")
    unpacked = valuelex.Study.load(tmp_path / "unpacked")
    before = tables(unpacked.results)
    unpacked.run("compare", replay=True)
    assert tables(unpacked.results) == before


def test_the_key_is_in_no_packed_file_and_a_leaked_one_is_found(done, tmp_path: Path) -> None:
    study, _ = done
    pack(study, tmp_path / "a.zip")
    for name in (archive := zipfile.ZipFile(tmp_path / "a.zip")).namelist():
        assert SECRET.encode() not in archive.read(name), name
    (study.results / "judging.json").write_text(json.dumps({"judges": [], "note": SECRET}))
    with pytest.raises(BadInput, match=r"judging\.json: holds the value of \$STUB_KEY"):
        pack(study, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def test_what_cannot_be_packed_is_said(done, tmp_path: Path, stub_study) -> None:
    study, _ = done
    (tmp_path / "there.zip").write_text("mine")
    with pytest.raises(ResultsFolderError, match=r"there\.zip exists already"):
        pack(study, tmp_path / "there.zip")
    assert (tmp_path / "there.zip").read_text() == "mine"
    empty = stub_study("http://127.0.0.1:9/v1", folder="empty")
    with pytest.raises(ResultsFolderError, match="holds no results"):
        pack(valuelex.Study.load(empty), tmp_path / "c.zip")


def test_the_spending_cap_ends_a_run_and_a_higher_one_goes_on(stub, stub_study) -> None:
    server = stub()
    price = {"input": 100.0, "output": 1000.0}  # US dollars per million: a call of 40 tokens out may cost .04 and more
    models = [
        {"id": "alpha-7b-chat", "base_url": server.url, "training": "aligned", "price": price, "parameters": 7.0e9}
    ]
    folder = stub_study(server.url, models=models, running={"budget": 0.2})
    with pytest.raises(BudgetReached, match="spending cap of 0.20 USD"):
        valuelex.Study.load(folder).run("elicit")
    kept = len((folder / "results" / "calls.jsonl").read_text().splitlines())
    assert 0 < kept < 45
    assert kept == len(server.requests())
    stub_study(server.url, models=models, running={"budget": 50})
    assert valuelex.Study.load(folder).run("elicit") == ["elicit"]
    assert len(server.requests()) == 45, "no call was made twice"


def test_errors_are_asked_again_when_told_so(stub, stub_study) -> None:
    server = stub("--fail", "400", "--fail-after", "10", "--fail-times", "3")
    folder = stub_study(server.url, elicitation={"samples": 1, "max_tokens": 40, "concurrency": 1})
    study = valuelex.Study.load(folder)
    study.run("elicit")
    assert (study.responses["status"] == "error").sum() == 3
    assert study.run("elicit") == []
    asked = len(server.requests())
    assert study.run("elicit", retry_errors=True) == ["elicit"]
    assert len(server.requests()) == asked + 3
    assert (study.responses["status"] == "error").sum() == 0


def test_a_changed_or_running_study_is_not_packed(done, tmp_path: Path) -> None:
    study, _ = done
    with study.locked(), pytest.raises(ResultsFolderError, match="another valuelex run"):
        pack(study, tmp_path / "a.zip")
    study.path.write_text(study.path.read_text().replace("max_tokens: 40", "max_tokens: 41", 1))
    with pytest.raises(ResultsFolderError, match="has changed since its results were made"):
        pack(valuelex.Study.load(study.path), tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_the_dry_run_estimates_as_the_spending_cap_does(stub_study) -> None:
    prompt = {"id": "p", "text": "你最重要的价值观是什么?请用逗号分隔的单个词语回答。"}
    price = {"input": 1e6, "output": 0.0}  # a dollar a token in
    model = {"id": "alpha", "base_url": "http://127.0.0.1:9/v1", "training": "aligned", "price": price}
    study = valuelex.Study.load(
        stub_study("", models=[model], elicitation={"prompts": [prompt], "modes": ["open", "closed"]})
    )
    [plan] = dry_run(study, "elicit")
    items = elicitation.plan(
        study.population([]), study.file.respondents, study.file.elicitation,
        seed=call_seed(study.file.seed, "elicit"), folder=study.folder,
    )  # fmt: skip
    assert plan.tokens_in == sum(tokens_in(item.request) for item in items)
    assert plan.cost == pytest.approx(plan.tokens_in)
    # A Chinese character is a token, often more: characters / 4 would say a quarter of it.
    assert tokens_in(items[0].request) >= len(prompt["text"])
