"""What the report says of the survey: its numbers are those of the tables, and absent tables say nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from valuelex.elicitation import plan
from valuelex.report import elicit, lexicon, render
from valuelex.report.content import Figure, Section, Table
from valuelex.report.evidence import Evidence
from valuelex.report.survey_figures import Curve, bars, curves
from valuelex.study import Study
from valuelex.tables import empty, write

from .conftest import MODELS, make_survey
from .test_sections import blocks_of, table_of

Results = Callable[..., Study]
SURVEY = tuple(make_survey(MODELS))
A, B = MODELS


@pytest.fixture
def surveyed(results: Results) -> Evidence:
    return Evidence(results(survey=True))


def figure_of(section: Section, name: str) -> Figure:
    return next(f for f in blocks_of(section, Figure) if f.name == name)


def test_rates_of_labels_stand_with_their_intervals(surveyed: Evidence) -> None:
    section = elicit.section(surveyed)
    said = next(f for f in section.findings if f.startswith("What was noticed"))
    assert said == (
        f"What was noticed most often about open answers: {A} truncation, 2.5\u00a0% (95 % interval 0.0 to 50.0) and "
        f"{B} truncation, 7.5\u00a0% (95 % interval 0.0 to 50.0)."
    )
    rates = table_of(section, "elicit-labels")
    assert rates.rows[0] == [A, "open", "40", "0.0 [0.0, 50.0]", "2.5 [0.0, 50.0]"]
    assert [row[:2] for row in rates.rows] == [[A, "open"], [A, "closed"], [B, "open"], [B, "closed"]]
    assert "as made up" in rates.note
    drawn = figure_of(section, "elicit-quality").spec["data"]
    assert [trace["name"] for trace in drawn] == [A, B]
    assert drawn[1]["x"] == [5.0, 7.5]


def test_what_was_asked_and_spent(results: Results) -> None:
    keys = {
        "respondents": {"temperature": [0.6, 1.0], "top_p": [0.95], "personas": [None, "You are a nurse."], "total": 8},
        "elicitation": {
            "samples": 3,
            "modes": ["open", "closed"],
            "prompts_per_respondent": 2,
            "stop_when": {"coverage": 0.9, "bound": "lower"},
        },
    }
    study = results(keys=keys)
    table = study.read("responses")
    later = table[table["model_id"] == B].tail(1).assign(response_id="extra", sample_index=2)
    import pandas as pd

    write("responses", pd.concat([table, later], ignore_index=True), study.results)
    section = elicit.section(Evidence(study))
    design = {row[0]: row[1] for row in table_of(section, "elicit-factors").rows}
    assert design["respondents"] == "a balanced fraction: 8 of 8 combinations of model and setting"
    assert design["prompts"] == "a balanced fraction: 2 of 15 for each respondent"
    assert design["orders"] == "one: as written"
    assert design["examples shown"] == "none"
    assert "90.0\u00a0% in open answers reached by the lower end" in design["stopping rule"]
    spent = table_of(section, "elicit-spent")
    assert spent.rows[0] == [A, "open", "1 of 3", "8", "80", "64", "8.0"]
    assert spent.rows[1] == [B, "open", "3 of 3", "9", "90", "72", "8.0"]
    assert "170 tokens in and 136 out" in spent.note
    ended = next(f for f in section.findings if f.startswith("Sampling was to end"))
    assert ended.endswith(f"{A} ended after 1 of 3; 1 model drew all 3.")


def test_every_form_of_a_prompt_is_shown_as_it_was_sent(results: Results) -> None:
    keys = {"elicitation": {"samples": 1, "modes": ["open", "logprob"], "orders": 2, "few_shot": "neutral"}}
    study = results(keys=keys)
    table = study.read("responses")
    modes = table["elicitation"].astype(object)
    modes.iloc[0] = "logprob"
    write("responses", table.assign(elicitation=modes.astype("string")), study.results)
    evidence = Evidence(study)
    section = elicit.section(evidence)
    file = evidence.file
    planned = plan(evidence.models, file.respondents, file.elicitation, seed=3, folder=study.folder)
    bare = [item for item in planned if item.respondent.persona is None]
    asked = [item for item in bare if not item.baseline]
    turned = {row[0]: row[1] for row in table_of(section, "elicit-prompts-chat-reordered").rows}
    sent = {i.prompt.id: i.request.messages[-1][1] for i in asked if i.request.mode == "chat" and i.wording.order == 1}
    assert turned == sent and len(sent) == 15
    neutral = {row[0]: row[1] for row in table_of(section, "elicit-neutral").rows}
    frames = [item for item in bare if item.baseline]
    assert {i.request.messages[-1][1] for i in frames if i.request.mode == "chat"} == {neutral["chat"]}
    assert all(i.request.prompt.endswith(neutral["completion"]) for i in frames if i.request.mode == "completion")
    sets = {row[0]: row[1] for row in table_of(section, "elicit-example-sets").rows}
    first = next(i for i in bare if i.wording.examples and i.wording.order == 0)
    assert first.request.prompt.startswith(sets[first.wording.examples] + "\n")


def test_how_complete_the_lexicon_is(surveyed: Evidence) -> None:
    section = lexicon.section(surveyed)
    said = next(f for f in section.findings if f.startswith("Of further"))
    assert said == (
        f"Of further value words in open answers from {A}, 90.0\u00a0% (95 % interval 81.0 to 99.0) and from {B}, "
        "92.0\u00a0% (95 % interval 81.0 to 99.0) would be known ones; over all models 94.0\u00a0% (95 % interval 81.0 to "
        "99.0), and there are at least 15 value words to be named (Chao2; 95 % interval 8 to 25) where 12 were seen."
    )
    rows = table_of(section, "lexicon-richness").rows
    assert rows[0] == [A, "open", "20", "60", "8", "3, 2", "90.0 [81.0, 99.0]", "12 [9, 30]", "11 [8, 25]"]
    assert len(rows) == 6
    assert {f.name for f in blocks_of(section, Figure)} >= {"lexicon-saturation-open", "lexicon-saturation-closed"}


def test_the_largest_source_is_named_and_what_has_no_estimate_says_why(surveyed: Evidence) -> None:
    section = lexicon.section(surveyed)
    said = next(f for f in section.findings if f.startswith("The largest source"))
    assert "chance apart, is the prompt: 16.0\u00a0% of the variance (95 % interval 10.0 to 20.0)." in said
    assert said.endswith("The residual, mostly chance, is 76.0\u00a0%.")
    assert table_of(section, "lexicon-variance-not").rows == [["language", "open", "1", "one level"]]
    shares = {row[0]: row[3:] for row in table_of(section, "lexicon-variance-shares").rows}
    assert shares["persona"] == ["−0.010", "0.0", "[0.0, 1.0]"]
    spec = figure_of(section, "lexicon-variance").spec
    assert spec["layout"]["yaxis"]["categoryarray"] == ["prompt", "model", "persona"]


def test_modes_examples_and_scores(surveyed: Evidence) -> None:
    section = lexicon.section(surveyed)
    assert any("over all models, open and closed 0.60 (95 % interval 0.11 to 0.77)." in f for f in section.findings)
    modes = table_of(section, "lexicon-modes")
    assert modes.rows[0] == [
        A,
        "open and closed",
        "30",
        "0.40",
        "[0.11, 0.77]",
        "55\u00a0%",
        "jackknife over 2 prompts",
    ]
    assert modes.note.endswith("Method: Spearman.")
    assert any(
        f"named by 3.0 percentage points (95 % interval −1.0 to 7.0) in {B}." in finding for finding in section.findings
    )
    best = table_of(section, "lexicon-scores")
    assert best.rows[0][:4] == [A, "1", "honesty", "2.10"]  # mean of frames 0 and 2: (2.0 + 2.2) / 2
    assert best.rows[0][5] == "2"
    assert "arXiv 2104.08315" in best.note
    assert best.rows[6][:4] == [B, "1", "honesty", "3.40"]


def test_examples_that_nobody_names_are_no_effect_of_zero(results: Results) -> None:
    silent = make_survey(MODELS)["example_effect"].assign(rate_shown=0.0, rate_hidden=0.0, difference=0.0)
    section = lexicon.section(Evidence(results(changes={"example_effect": silent})))
    assert f"No word that is shown as an example was ever named by {B}." in section.findings
    assert not any(finding.startswith("Showing") for finding in section.findings)


def test_many_models_are_not_all_drawn(results: Results) -> None:
    models = tuple(f"m{i:02d}" for i in range(12))
    keys = {"models": [{"id": m, "base_url": "http://x/v1"} for m in models]}
    evidence = Evidence(results(models=models, keys=keys, survey=True, without=("scores", "comparisons")))
    asked, named = elicit.section(evidence), lexicon.section(evidence)
    quality = figure_of(asked, "elicit-quality")
    assert [trace["name"] for trace in quality.spec["data"]] == [f"m{i:02d}" for i in range(4, 12)]
    assert "4 more stand in the table" in quality.note
    drawn = figure_of(named, "lexicon-saturation-open")
    legend = [trace["name"] for trace in drawn.spec["data"] if trace.get("showlegend", True)]
    assert legend == [*models[:7], "all models"]
    assert "5 other models in saturation.csv" in drawn.note


@pytest.mark.parametrize("state", ["absent", "empty"])
def test_absent_or_empty_tables_say_nothing(results: Results, state: str) -> None:
    study = results(folder="a")
    before = render(study)
    if state == "empty":
        for name in SURVEY:
            write(name, empty(name), study.results)
    assert render(study) == before


@pytest.mark.parametrize("name", sorted({*SURVEY} - {"saturation"}))  # a curve is drawn through a row of richness
def test_each_table_alone(results: Results, name: str) -> None:
    others = tuple(other for other in SURVEY if other != name)
    study = results(survey=True, without=others)
    assert len(render(study)) > len(render(results(folder="bare", without=SURVEY)))


def test_numbers_that_are_missing_are_dashes(results: Results, tmp_path: Path) -> None:
    made = make_survey(MODELS)
    gone = {
        "quality": ("rate", "ci_low", "ci_high"),
        "richness": ("coverage", "coverage_low", "coverage_high", "chao1", "chao2_low", "chao2_high"),
        "saturation": ("ci_low", "ci_high"),
        "variance_shares": ("ci_low", "ci_high"),
        "mode_agreement": ("spearman", "ci_low", "ci_high", "overlap"),
        "example_effect": ("difference", "rate_hidden", "ci_low", "ci_high", "share"),
        "word_scores": ("baseline",),
    }
    changes = {name: made[name].assign(**dict.fromkeys(columns)) for name, columns in gone.items()}
    from valuelex.tables import frame

    study = results(changes={name: frame(name, table) for name, table in changes.items()})
    assert render(study)
    section = lexicon.section(Evidence(study))
    asked = elicit.section(Evidence(study))
    for table in (*blocks_of(section, Table), *blocks_of(asked, Table)):
        assert not any(str(cell).lower() in ("nan", "<na>", "none [") for row in table.rows for cell in row), table.name
    assert not [f for f in section.findings if f.startswith(("Of further", "Validity", "Showing"))]
    assert table_of(section, "lexicon-modes").rows[0][3:6] == ["–", "–", "–"]


def test_curves_are_solid_up_to_what_was_observed() -> None:
    points = [(1.0, 2.0, 1.0, 3.0), (2.0, 3.0, 2.0, 4.0), (4.0, 4.0, None, None)]
    spec = curves([Curve("<b>", points, (2.0, 3.0), 0)], ("x", "y"))
    solid, dashed = (
        next(t for t in spec["data"] if t.get("line", {}).get("dash") == dash) for dash in ("solid", "dash")
    )
    assert (solid["x"], dashed["x"]) == ([1.0, 2.0], [2.0, 4.0])
    assert [t["name"] for t in spec["data"] if t.get("showlegend", True)] == ["&lt;b&gt;"]
    band = spec["data"][0]
    assert band["x"] == [1.0, 2.0, 2.0, 1.0] and band["y"] == [3.0, 4.0, 2.0, 1.0]


def test_bars_without_an_interval_have_no_line() -> None:
    from valuelex.report.figures import Series

    [trace] = bars(["a", "b"], [Series("s", [(5.0, 4.0, 7.0), (1.0, None, None)], 0)], "%")["data"]
    assert trace["error_x"]["array"] == [2.0, None] and trace["error_x"]["arrayminus"] == [1.0, None]
    [trace] = bars(["a"], [Series("s", [(5.0, None, None)], 0)], "%")["data"]
    assert trace["error_x"]["visible"] is False


def test_tables_of_the_survey_have_names_of_their_own(surveyed: Evidence) -> None:
    names = [b.name for s in (elicit.section(surveyed), lexicon.section(surveyed)) for b in blocks_of(s, Table)]
    assert len(names) == len(set(names))
