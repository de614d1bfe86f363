"""The methods section: its numbers are those of study file and tables, and whatever it cites is in its list."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from valuelex.report.evidence import Evidence
from valuelex.report.paper.methods import paragraphs
from valuelex.report.paper.references import WORKS, cite, entries
from valuelex.study import Study

Results = Callable[..., Study]


def text_of(study: Study) -> dict[str, str]:
    return {part.title: part.text for part in paragraphs(Evidence(study))}


def test_every_part_of_a_whole_study(results: Results) -> None:
    study = results(manifest=True)
    text = text_of(study)
    assert list(text) == [
        "Models and respondents", "Elicitation of values", "Lexicon", "Taxonomy", "Projective test and judging", "Scores",
        "Comparison of models", "Software and reproducibility",
    ]  # fmt: skip
    assert "Two language models from 2 families" in text["Models and respondents"]
    assert (
        "temperature (0.6, 1)" in text["Models and respondents"] and "8 respondents" in text["Models and respondents"]
    )
    assert "16 answers, of which 87.5% were usable" in text["Elicitation of values"]
    assert "8 respondents by 6 words" in text["Taxonomy"] and "KMO = .71" in text["Taxonomy"]
    assert "2 factors, the number kept by parallel analysis" in text["Taxonomy"]
    assert "RMSEA = .050, CFI = .950, TLI = .900, SRMR = .070" in text["Taxonomy"]
    assert "8 stems in 2 parallel forms" in text["Projective test and judging"]
    assert "32 completions" in text["Projective test and judging"]
    assert "smallest effect of 0.2 score points" in text["Comparison of models"]
    assert "seed 3" in text["Software and reproducibility"]


def test_what_is_cited_is_listed_and_nothing_else(results: Results) -> None:
    parts = paragraphs(Evidence(results(manifest=True)))
    whole = " ".join(part.text for part in parts)
    listed = {key for part in parts for key in part.works}
    for key, work in WORKS.items():
        year = work.cited[-4:]
        assert (key in listed) == (work.cited in whole or work.narrative in whole)
        assert f"({year})" in work.entry and work.entry.startswith(work.cited.split(",")[0].split(" ")[0])
    assert listed
    cited = re.findall(r"[A-Z][\w-]+(?: (?:&|et) [^,;()]+)?, \d{4}", whole)
    assert {c for c in cited if not any(c in w.cited or w.cited in c for w in WORKS.values())} == set()


def test_words_that_cannot_be_factored_are_not_said_to_have_factors(results: Results) -> None:
    text = text_of(results(factorable=False))["Taxonomy"]
    assert "could not be factored. KMO is 0.31" in text
    assert "extracted" not in text and "Horn" not in text
    assert "should not be interpreted" in text


def test_given_tables_are_not_claimed(results: Results) -> None:
    source = results(folder="source")
    study = results(
        folder="given",
        only=("instrument", "completions", "judgements", "scores", "comparisons"),
        keys={"inputs": {n: str(source.results / f"{n}.csv") for n in ("instrument", "completions")}},
    )
    text = text_of(study)
    assert "Elicitation of values" not in text and "Taxonomy" not in text
    assert "(given)" in text["Projective test and judging"]
    assert "crossed" not in text["Models and respondents"]


@pytest.mark.parametrize("last", ["elicit", "lexicon", "taxonomy", "instrument", "administer", "judge", "score"])
def test_a_chain_that_stopped_has_fewer_parts(results: Results, last: str) -> None:
    from valuelex.study import STAGES

    names = list(STAGES)
    study = results(only=tuple(t for name in names[: names.index(last) + 1] for t in STAGES[name].writes))
    assert "Comparison of models" not in text_of(study)


def test_a_multiverse_and_a_stopping_rule_are_told(results: Results) -> None:
    from tests.report.test_multiverse import made_up
    from valuelex.tables import write

    study = results(keys={"elicitation": {"samples": 9, "stop_when": {"coverage": 0.98}}})
    assert "Multiverse analysis" not in text_of(study)
    made = made_up(60)
    for name, value in made.items():
        write(name, value, study.results)
    text = text_of(study)
    n = made["multiverse_summary"]["n_analysed"]  # type: ignore[index]
    assert f"{n} analyses of the same words" in text["Multiverse analysis"]
    assert "coverage reached 0.98" in text["Elicitation of values"]


def test_citations_are_in_alphabetical_order() -> None:
    assert cite("horn", "bartlett") == "(Bartlett, 1951; Horn, 1965)"
    assert [e.split(",")[0] for e in entries(["kaiser", "horn", "kaiser"])] == ["Horn", "Kaiser"]
