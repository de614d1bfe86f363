"""Findings are computed: their numbers are those of the tables."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from valuelex.report import administer, compare, elicit, instrument, judge, lexicon, score, settings, taxonomy
from valuelex.report.content import Cell, Details, Figure, Section, Table
from valuelex.report.evidence import Evidence
from valuelex.report.limits import can, cannot
from valuelex.report.overview import overview
from valuelex.report.page import STEPS, build
from valuelex.report.wording import number, percent, wilson
from valuelex.study import STAGES, Study

Results = Callable[..., Study]


def blocks_of(section: Section, kind: type) -> list:
    found = []
    for block in section.blocks:
        found += [block] if isinstance(block, kind) else []
        if isinstance(block, Details):
            found += [inner for inner in block.blocks if isinstance(inner, kind)]
    return found


def table_of(section: Section, name: str) -> Table:
    return next(t for t in blocks_of(section, Table) if t.name == name)


def test_one_section_per_step_of_its_name():
    assert [step.NAME for step in STEPS] == [*STAGES, "settings"]


def test_elicit_counts_answers_and_rates(evidence: Evidence):
    section = elicit.section(evidence)
    responses = evidence.table("responses")
    ok = int((responses["status"] == "ok").sum())
    low, high = wilson(ok, len(responses))
    assert section.findings[0].startswith("8 respondents")
    assert f"{ok} of {len(responses)} answers" in section.findings[1]
    assert f"{percent(ok / len(responses))} (95 % interval {100 * low:.1f} to {100 * high:.1f})" in section.findings[1]
    rates = table_of(section, "elicit-rates")
    assert [row[0] for row in rates.rows] == evidence.model_ids
    assert rates.rows[0][2] == "75.0"
    assert rates.rows[0][4:] == ["12.5", "0", "12.5"]


def test_prompts_stand_as_the_models_saw_them(evidence: Evidence):
    from valuelex.elicitation import plan

    section = elicit.section(evidence)
    file = evidence.file
    planned = plan(evidence.models, file.respondents, file.elicitation, seed=1, folder=evidence.study.folder)
    for mode in ("chat", "completion"):
        shown = {row[0]: row[1] for row in table_of(section, f"elicit-prompts-{mode}").rows}
        for item in planned:
            if item.respondent.persona is None and item.request.mode == mode:
                seen = item.request.prompt or item.request.messages[-1][1]
                assert shown[item.prompt.id] == seen


def test_lexicon_counts_words_and_models(evidence: Evidence):
    section = lexicon.section(evidence)
    words, responses = evidence.table("words"), evidence.table("responses")
    kept = int(words["kept"].sum())
    assert f"{len(evidence.table('lexicon'))} value words" in section.findings[0]
    assert f"{kept} of {len(words)} candidates" in section.findings[0]
    rates = table_of(section, "lexicon-rates")
    for row in rates.rows:
        answers = responses[responses["model_id"] == row[0]]
        mine = words[(words["model_id"] == row[0]) & words["kept"]]
        per_answer = answers["response_id"].map(mine["response_id"].value_counts()).astype(float).fillna(0.0)
        assert row[1] == str(len(answers))
        assert row[3] == number(per_answer.groupby(answers["respondent_id"]).mean().mean())
    aside = table_of(section, "lexicon-aside")
    assert aside.rows == [["not a value by embedding", str(len(words) - kept), "Xyzzy"]]


def test_taxonomy_tells_the_verdict(evidence: Evidence):
    section = taxonomy.section(evidence)
    assert "can be factored (6 words over 8 respondents): KMO 0.71" in section.findings[0]
    assert "p < 0.001" in section.findings[0]
    assert "should not be interpreted" in section.findings[1]
    assert "0.41 [0.20, 0.90] (Truth) to 0.77 [0.20, 0.90] (Bravery)" in section.findings[2]
    loadings = table_of(section, "taxonomy-loadings")
    first = loadings.rows[0]
    assert first[0] == "honesty"
    assert first[1] == Cell("0.90", strong=True, bar=0.9)
    assert first[2] == Cell("−0.55", strong=True, bar=-0.55)
    assert table_of(section, "taxonomy-phi").rows[0] == ["F1", "1.00", "0.25"]
    assert {f.name for f in blocks_of(section, Figure)} == {"taxonomy-map", "taxonomy-scree", "taxonomy-tree"}


def test_not_factorable_is_said_with_its_reasons(results: Results):
    section = taxonomy.section(Evidence(results(factorable=False)))
    assert section.findings[0].startswith("The words cannot be factored")
    assert "KMO is 0.31, below 0.50." in section.findings[0]
    assert not [t for t in blocks_of(section, Table) if t.name == "taxonomy-loadings"]


def test_instrument_and_administer(evidence: Evidence):
    section = instrument.section(evidence)
    assert "8 stems in 2 forms for 2 dimensions (3 scales)" in section.findings[0]
    assert "2 positive, 2 negative, 2 neutral and 2 trade-off" in section.findings[0]
    assert len(table_of(section, "instrument-stems").rows) == 8
    completed = administer.section(evidence)
    assert completed.findings[0] == "2 models completed 8 stems: 32 completions in all."
    assert "28 of 32 completions" in completed.findings[1]


def test_judges_and_their_worth(evidence: Evidence):
    section = judge.section(evidence)
    table = evidence.table("judgements")
    scored = int((table["applicable"] & table["score"].notna()).sum())
    assert f"{scored} of {len(table)} judgements" in section.findings[0]
    worth = section.findings[-1]
    assert all(figure in worth for figure in ("0.37", "1.40", "1.70", "0.71"))
    by_valence = {row[0]: row[2] for row in table_of(section, "judge-valence").rows}
    held = table[table["score"].notna()].merge(evidence.table("completions"), on="completion_id")
    held = held.merge(evidence.table("instrument"), on="item_id")
    positive = held[held["valence"] == "positive"].groupby("item_id")["score"].mean().mean()
    assert by_valence["positive"] == number(positive)


def test_scores_and_contrasts(evidence: Evidence):
    section, scored = compare.section(evidence), score.section(evidence)
    scores, contrasts = evidence.table("scores"), evidence.table("comparisons")
    top = scores[scores["level"] == "dimension"]
    assert number(top["mean"].min()) in scored.findings[0]
    assert number(top["mean"].max()) in scored.findings[0]
    tested = contrasts[contrasts["p"].notna()]
    assert set(tested["scope"]) == {"these models"}
    assert any(f"of {len(tested)} contrasts" in finding for finding in section.findings)
    assert any("nothing can be said: 2 models of 2 families" in finding for finding in section.findings)
    assert any("With two models there is one difference" in finding for finding in section.findings)
    assert len(table_of(scored, "score-table-dimensions").rows) == len(top)
    assert "ICC(2,1)" in table_of(scored, "score-reliability").rows[-1][0]


def test_no_applicable_score(results: Results):
    section = score.section(Evidence(results(applicable=False)))
    assert section.findings == ["There are no scores: no completion was found applicable to any scale."]


def test_one_model_cannot_be_compared(results: Results):
    evidence = Evidence(results(models=("gemma-3-270m",)))
    assert any(finding.startswith("Nothing was compared") for finding in compare.section(evidence).findings)
    assert any("One model alone (gemma-3-270m)" in text for text in cannot(evidence))


def test_limits_of_two_tiny_models(evidence: Evidence):
    told = " ".join(cannot(evidence))
    assert "Two models of 2 families do not stand for language models at large" in told
    assert "134.5 million" in told and "268.1 million" in told
    assert "the only pretrained model (gemma-3-270m" in told
    assert "also the larger one" in told
    assert "not 8 independent subjects" in told
    assert "Two judges scored the completions" in told
    assert "The taxonomy should not be read as a structure of values." in told
    assert len(can(evidence)) == 3


def test_size_is_not_confounded_when_it_is_not(results: Results):
    models = [
        {"id": f"m{i}", "base_url": "http://x/v1", "parameters": size, "training": training, "family": f"f{i}"}
        for i, (size, training) in enumerate(
            [(1e9, "pretrained"), (9e9, "pretrained"), (5e9, "aligned"), (5e10, "aligned")]
        )
    ]
    study = results(keys={"models": models}, models=tuple(str(m["id"]) for m in models))
    told = " ".join(cannot(Evidence(study)))
    assert "Size and training" not in told
    assert "tiny" not in told
    assert "The frame goes with the training" in told


def test_overview(evidence: Evidence):
    head = overview(evidence)
    shown = {fact.name: fact.value for fact in head.facts}
    assert shown["models"] == "2"
    assert shown["respondents"] == "8"
    assert shown["answers"] == "16"
    assert shown["factorable"] == "yes"
    assert shown["interpretable"] == "no"
    assert head.warnings[0].startswith("No interpretable structure was found.")
    assert head.models.rows[0][0] == "smollm2-135m-instruct"
    assert "Apache-2.0" in head.models.rows[0]


def test_settings_hold_the_study_file_and_fingerprints(results: Results):
    study = results(manifest=True)
    section = settings.section(Evidence(study))
    text = str(section)
    assert section.findings[0].startswith("Seed 3, valuelex")
    assert "min_respondents" in text
    from valuelex.tables import digest

    assert digest(study.results / "scores.csv") in text
    assert "2026-01-01" not in text


@pytest.mark.parametrize("name", [*STAGES])
def test_a_section_without_its_tables_is_one_line(results: Results, name: str):
    stage = STAGES[name]
    evidence = Evidence(results(without=stage.writes))
    section = next(s for s in build(evidence) if s.name == name)
    assert section.absent.startswith("Not run yet")
    assert not section.blocks and not section.findings
