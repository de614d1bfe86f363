"""A study starts from any table, is judged by several judges, and takes any taxonomy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import valuelex
from valuelex.errors import DataError, StudyFileError, TableError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    """The results of one whole stubbed study, judged by two judges; shared by the tests of this page."""
    import subprocess
    import sys

    import yaml

    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).parents[1] / "stub_server.py")], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    folder = tmp_path_factory.mktemp("made")
    content = {
        "models": [
            {"id": "a", "base_url": url},
            {"id": "b", "base_url": url, "training": "pretrained", "parameters": 1e9},
        ],
        "respondents": {"temperature": [0.3, 0.7, 1.0], "top_p": [0.9]},
        "elicitation": {"samples": 1, "modes": ["open", "closed"]},
        "taxonomy": {"bootstrap": 10},
        "instrument": {"stems": 12},
        "administration": {"samples": 1},
        "judges": ["embedded", {"id": "my-judge", "base_url": url, "model": "judge"}],
    }

    def study(name: str, **changes: object) -> valuelex.Study:
        place = folder / name
        place.mkdir(exist_ok=True)
        (place / "study.yaml").write_text(yaml.safe_dump(content | {"name": name} | changes))
        return valuelex.Study.load(place)

    whole = study("whole")
    whole.run("compare")
    for path in whole.results.glob("*.csv"):
        shutil.copy(path, folder / path.name)
    yield whole, study
    server.kill()
    server.wait()
    server.stdout.close()


def test_two_judges_score_every_completion_on_every_scale(made) -> None:
    whole, _ = made
    table = whole.judgements
    scales = {s["name"] for d in whole.document("taxonomy")["dimensions"] for s in d["subdimensions"]}
    assert set(table["judge_id"]) == {"embedded", "my-judge"}
    assert set(table["dimension"]) == scales
    assert len(table) == 2 * 12 * 2 * len(scales)
    assert whole.document("reliability")["judges"]["icc_2_1"] is not None
    assert whole.document("judging")["embedded_validity"]["note"]


def test_closed_answers_hold_only_declared_words(made) -> None:
    import json

    from valuelex.lexicon import load_lexicon

    whole, _ = made
    closed = whole.responses[whole.responses["elicitation"] == "closed"]
    known = set(load_lexicon("values", whole.folder).glosses)
    assert len(closed) == 90
    assert all(set(json.loads(text)["values"]) <= known for text in closed["text"])


@pytest.mark.parametrize(
    ("tables", "ran"),
    [
        (("responses",), ["elicit", "lexicon", "taxonomy"]),
        (("words",), ["lexicon", "taxonomy"]),
        (("words", "lexicon"), ["lexicon", "taxonomy"]),
        (("assignments",), ["taxonomy"]),
    ],
)
def test_the_first_stages_can_be_given(made, tables: tuple[str, ...], ran: list[str]) -> None:
    whole, study = made
    given = study("-".join(tables), inputs={t: f"../{t}.csv" for t in tables})
    assert given.run("taxonomy") == ran
    assert set(given.taxonomy["word"]) == set(whole.taxonomy["word"])
    assert isinstance(given.document("adequacy")["factorable"], bool)


def test_given_judgements_give_the_same_scores(made) -> None:
    whole, study = made
    tables = ("judgements", "completions", "instrument")
    given = study("judged", inputs={t: f"../{t}.csv" for t in tables})
    assert given.run("compare") == ["instrument", "administer", "judge", "score", "compare"]
    assert given.scores["mean"].tolist() == pytest.approx(whole.scores["mean"].tolist(), nan_ok=True)


def test_given_scores_need_no_model(made) -> None:
    _, study = made
    given = study("scored", models=[], inputs={"scores": "../scores.csv"})
    assert given.run("compare") == ["score", "compare"]
    # Models that nobody said anything of have no covariates; their scores are compared as they are.
    assert given.comparisons["verdict"].str.contains("no model's").all()
    assert set(given.ranks["model_id"]) == {"a", "b"}


def test_a_table_of_scores_side_by_side_is_all_that_a_comparison_needs(tmp_path: Path) -> None:
    """One row a model, one column a dimension, on another scale, with what is known of the models in a file of its own."""
    import yaml

    rows = "\n".join(f"m{i},{60 + 3 * (i % 4)},{70 + 2 * (i % 3)}" for i in range(9))
    (tmp_path / "board.csv").write_text(f"model,Care,Order\n{rows}\n")
    known = "\n".join(f"m{i},f{i // 3},{10 ** (i % 3)}e9,{'aligned' if i % 2 else 'pretrained'}" for i in range(9))
    (tmp_path / "known.csv").write_text(f"model,family,parameters,training\n{known}\n")
    settings = {"scale": [0, 100], "covariates": "known.csv", "smallest_effect": 2, "weights": {"Care": 3, "Order": 1}}
    (tmp_path / "study.yaml").write_text(
        yaml.safe_dump({"models": [], "inputs": {"item_scores": "board.csv"}, "comparison": settings})
    )
    study = valuelex.Study.load(tmp_path)
    assert study.run("compare") == ["compare"]
    assert study.run("compare") == []
    table = study.comparisons
    told = table[(table["scope"] == "models like these") & table["p"].notna()]
    assert set(told["covariate"]) == {"parameters", "training"}
    total = study.ranks.query("dimension == 'total'").set_index("model_id")["score"]
    assert total["m1"] == pytest.approx((3 * 63 + 72) / 4)
    (tmp_path / "known.csv").write_text(f"model,family,parameters,training\n{known.replace('1e9', '2e9')}\n")
    assert valuelex.Study.load(tmp_path).run("compare") == ["compare"], "covariates are an input"
    (tmp_path / "board.csv").write_text(f"model,Care,Order\n{rows}\nm1,101,3\n")
    with pytest.raises(TableError, match="row 10: 'm1' stands in row 2 already"):
        valuelex.Study.load(tmp_path).run("compare")
    (tmp_path / "board.csv").write_text(f"model,Care,Order\n{rows}\nm9,101,3\n")
    with pytest.raises(DataError, match="outside 0 to 100, such as 101 of m9 on Care"):
        valuelex.Study.load(tmp_path).run("compare")


@pytest.mark.parametrize(
    ("taxonomy", "scales"),
    [
        ("valuelex", {"Ethical", "Idealistic", "Professional", "Self-Competent", "Social", "User-Oriented"}),
        ("moral-foundations", {"Authority", "Care", "Fairness", "Loyalty", "Sanctity"}),
    ],
)
def test_other_taxonomies_can_be_tested(made, taxonomy: str, scales: set[str]) -> None:
    _, study = made
    chosen = study(taxonomy, instrument={"taxonomy": taxonomy, "stems": 24}, judges=["embedded"])
    chosen.run("judge")
    assert set(chosen.judgements["dimension"]) == scales
    assert len(chosen.instrument) == 24


def test_a_test_of_a_named_taxonomy_waits_for_no_answers(tmp_path: Path) -> None:
    """Alone it is built at once; a whole run asks for words too, which are compared with the scores."""
    (tmp_path / "study.yaml").write_text(
        "models: [{id: smollm2-135m-instruct}]\ninstrument: {taxonomy: schwartz, stems: 24}\n"
    )
    study = valuelex.Study.load(tmp_path)
    assert study.stages("instrument") == ["instrument"]
    assert study.stages("judge") == ["instrument", "administer", "judge"]
    before = ["elicit", "lexicon", "taxonomy"]
    assert study.stages("report") == [*before, "instrument", "administer", "judge", "score", "compare"]
    assert study.run("instrument") == ["instrument"]
    own = tmp_path / "own"
    own.mkdir()
    (own / "study.yaml").write_text("models: [{id: smollm2-135m-instruct}]\n")
    assert valuelex.Study.load(own).stages("instrument") == [*before, "instrument"]


def test_words_alone_come_as_far_as_a_report(made, tmp_path: Path) -> None:
    """Nobody is named to be asked: the report shows what can be had, and what needs models is absent from it."""
    whole, _ = made
    shutil.copy(whole.results / "words.csv", tmp_path / "words.csv")
    (tmp_path / "study.yaml").write_text("models: []\ninputs: {words: words.csv}\ntaxonomy: {bootstrap: 0}\n")
    study = valuelex.Study.load(tmp_path)
    assert study.stages("report") == ["lexicon", "taxonomy", "instrument"]
    assert study.run() == ["lexicon", "taxonomy", "instrument", "report"]
    text = (study.results / "report.html").read_text(encoding="utf-8")
    assert 'id="taxonomy-map"' in text
    assert study.lexicon["gloss"].notna().any(), "given words are embedded with their glosses, as those of a survey are"
    assert not (study.results / "calls.jsonl").exists() or (study.results / "calls.jsonl").stat().st_size == 0
    with pytest.raises(StudyFileError, match="models is empty"):
        study.run("administer")


def test_scores_alone_are_all_that_is_needed(made, tmp_path: Path) -> None:
    whole, _ = made
    shutil.copy(whole.results / "scores.csv", tmp_path / "scores.csv")
    (tmp_path / "study.yaml").write_text("models: []\ninputs: {scores: scores.csv}\n")
    assert valuelex.Study.load(tmp_path).stages("report") == ["score", "compare"]


def test_nothing_at_all_is_still_refused(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("models: []\n")
    with pytest.raises(StudyFileError, match="models is empty"):
        valuelex.Study.load(tmp_path).run()
