"""Edits by hand in a study: found beside the study file, part of what is up to date, and shown by the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import valuelex
from valuelex.errors import BadInput, TableError
from valuelex.study.hand_edits import show_edits
from valuelex.taxonomy import Edits

Run = Callable[..., tuple[int, str, str]]


def test_edits_make_the_taxonomy_stale_and_go_with_their_file(run: Run, stub, stub_study) -> None:
    server = stub()
    folder = stub_study(server.url)
    study = valuelex.Study.load(folder)
    with pytest.raises(TableError, match="no taxonomy yet"):
        show_edits(study)
    study.run("taxonomy")
    asked = len(server.requests())
    before = study.document("taxonomy")
    assert "computed" not in before
    code, out, _ = run("edits", folder)
    assert (code, out.startswith("# Edits by hand")) == (0, True)
    code, out, _ = run("edits", folder, "--init")
    assert code == 0
    assert "Wrote" in out
    code, _, err = run("edits", folder, "--init")
    assert (code, "is there already" in err) == (2, True)
    # A file of comments is no edit, but it is there now: the stage is run again, and gives the same.
    name = before["dimensions"][0]["name"]
    (folder / "edits.yaml").write_text(
        f"- rename: {{piece: {name!r}, to: By hand}}\n- rename: {{piece: Nothing, to: X}}\n", encoding="utf-8"
    )
    again = valuelex.Study.load(folder)
    assert {s.stage: s.state for s in again.status()}["taxonomy"] == "stale"
    assert again.run("instrument") == ["taxonomy", "instrument"]
    assert len(server.requests()) == asked
    after = again.document("taxonomy")
    assert after["dimensions"][0]["name"] == "By hand"
    assert after["computed"] == before["dimensions"]
    assert "By hand" in set(again.read("instrument")["dimension"])
    word = after["dimensions"][0]["words"][0]
    assert f"computed: dimension {name}" in run("trace", folder, word)[1]
    code, _, err = run("taxonomy", folder)
    assert (code, "1 of 2 edits by hand were not applied" in err) == (0, True)
    code, out, _ = run("edits", folder)
    assert "applied: yes." in out
    assert "applied: no. There is no piece named 'Nothing'" in out
    (folder / "edits.yaml").unlink()
    assert "valuelex taxonomy" in show_edits(again)
    last = valuelex.Study.load(folder)
    assert last.run("taxonomy") == ["taxonomy"]
    assert last.document("taxonomy") == before
    assert not (folder / "results" / "edits.csv").exists()


def test_a_bad_file_of_edits_is_refused_before_anything_is_asked(stub, stub_study) -> None:
    server = stub()
    folder = stub_study(server.url)
    (folder / "edits.yaml").write_text("- rename: {piece: A, too: B}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"edits.yaml, line 1: unknown key"):
        valuelex.Study.load(folder).run("taxonomy")
    with pytest.raises(BadInput, match="mine.yaml does not exist"):
        valuelex.Study.load(stub_study(server.url, folder="b", taxonomy={"edits": "mine.yaml"})).run("taxonomy")
    assert server.requests() == []


def test_given_assignments_can_be_edited(stub_study, tmp_path) -> None:
    folder = stub_study("http://127.0.0.1:9/v1", inputs={"assignments": "a.csv"})
    (folder / "a.csv").write_text("word,dimension,subdimension\nhonesty,Moral,\nlove,Warm,\ncare,Warm,\n")
    (folder / "edits.yaml").write_text("- move: {words: [care], to: Moral}\n  reason: a test\n", encoding="utf-8")
    study = valuelex.Study.load(folder)
    study.run("taxonomy")
    table = study.taxonomy.set_index("word")
    assert table["dimension"].to_dict() == {"honesty": "Moral", "love": "Warm", "care": "Moral"}
    assert table.loc["care", "computed_dimension"] == "Warm"
    assert table.loc["care", "placed_by"] == "edit"


def test_the_example_of_the_docs_can_be_read() -> None:
    text = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
    example = text.split("### Edits by hand")[1].split("```text\n")[1].split("```")[0]
    operations = [edit.operation for edit in Edits.of(yaml.safe_load(example)).items]
    assert operations == ["rename", "move", "merge", "split", "rename"]
