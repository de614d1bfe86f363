"""What a person changed shows as such: in the tree, in a table, and at the top where an edit did not fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from valuelex.report import render, taxonomy
from valuelex.report.edits import branches
from valuelex.report.evidence import Evidence
from valuelex.report.overview import overview
from valuelex.study import Study
from valuelex.taxonomy import Edits, apply_edits

Results = Callable[..., Study]
BAD = "<script>alert(1)</script>"


@pytest.fixture
def edited(results: Results) -> Callable[..., Study]:
    def make(*edits: dict[str, Any]) -> Study:
        plain = results(folder="plain")
        outputs = {name: plain.read(name) for name in ("assignments", "taxonomy")}
        made = apply_edits(outputs, Edits.of(list(edits)))
        return results(folder="edited", changes={name: made[name] for name in ("assignments", "taxonomy", "edits")})

    return make


def tree(study: Study) -> dict[str, Any]:
    return {b.name: b for b in branches(study.document("taxonomy"))}


def test_edited_pieces_and_words_have_badges(edited, results: Results) -> None:
    before = tree(results(folder="again"))
    [first, *rest] = before.values()
    word = rest[0].branches[0].words.split(", ")[0] if rest[0].branches else rest[0].words.split(", ")[0]
    study = edited(
        {"rename": {"piece": first.name, "to": "Renamed"}},
        {"move": {"words": [word], "to": "Renamed"}},
    )
    now = tree(study)["Renamed"]
    assert f"renamed by hand, computed as {first.name}" in now.badge
    assert "1 word moved in by hand" in now.badge
    everything = now.words + " ".join(b.words for b in now.branches)
    assert re.search(rf"from {rest[0].name}[^:]*: {word}", everything)
    html = render(study)
    assert 'class="badge"' in html
    assert 'id="taxonomy-edits"' in html
    assert 'class="badge"' not in render(results(folder="unedited"))


def test_an_edit_that_does_not_fit_is_at_the_top(edited) -> None:
    study = edited({"rename": {"piece": BAD, "to": "X"}, "reason": BAD, "by": "AB"})
    evidence = Evidence(study)
    [warning] = overview(evidence).warnings[-1:]
    assert "was not applied" in warning
    assert any("was not applied" in w for w in taxonomy.section(evidence).warnings)
    assert any("None of the 1 edit by hand fits" in f for f in taxonomy.section(evidence).findings)
    html = render(study)
    assert BAD not in html
    assert "&lt;script&gt;alert(1)" in html


def test_findings_say_who_and_what_stays_as_computed(edited, results: Results) -> None:
    names = list(tree(results(folder="again")))
    study = edited({"merge": {"pieces": names[:2], "to": "Both"}, "by": "AB"})
    [said] = [f for f in taxonomy.section(Evidence(study)).findings if "edited by hand" in f]
    assert "(by AB)" in said
    assert "are those of the taxonomy as computed" in said
    assert "by hand" in tree(study)["Both"].badge
    [fact] = [f for f in overview(Evidence(study)).facts if f.name == "interpretable"]
    assert fact.remark.endswith("edited by hand")
    [said] = [
        f
        for f in taxonomy.section(Evidence(edited({"rename": {"piece": names[0], "to": "X"}}))).findings
        if "edited by hand" in f
    ]
    assert "by none" not in said
