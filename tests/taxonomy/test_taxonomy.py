"""The taxonomy on planted structures, on noise, and on what is too little."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from valuelex.semantics import cluster
from valuelex.tables import TABLES, frame
from valuelex.taxonomy import TaxonomySettings, analyse, from_assignments, join, respondent_word_matrix, run

GROUPS = {
    "moral": ["honesty", "integrity", "truthfulness", "sincerity", "fairness", "justice"],
    "warm": ["compassion", "kindness", "empathy", "generosity", "care", "love"],
    "able": ["competence", "accuracy", "knowledge", "excellence", "efficiency", "diligence"],
}
WORDS = [w for group in GROUPS.values() for w in group]


class PlantedEmbedder:
    """Vectors made up for the test: words of a group lie together. No model is behind it."""

    name = "planted"

    def encode(self, texts) -> np.ndarray:
        out = []
        for text in texts:
            word = text.split(":")[0]
            group = next((i for i, g in enumerate(GROUPS.values()) if word in g), 3)
            vector = np.eye(8)[group] + np.random.default_rng(abs(hash_of(word))).normal(0, 0.1, 8)
            out.append(vector / np.linalg.norm(vector))
        return np.vstack(out)


def hash_of(word: str) -> int:
    return sum((i + 1) * ord(c) for i, c in enumerate(word))


def words_table(n: int = 200, *, structure: bool = True, models: int = 20, seed: int = 5) -> pd.DataFrame:
    """Respondents name words of three groups, each with a liking of its own for each group (independent, so three factors)."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(n):
        liking = dict(zip(GROUPS, rng.normal(0, 1.6 if structure else 0.0, 3), strict=True))
        for group, members in GROUPS.items():
            for word in members:
                if rng.random() < 1 / (1 + np.exp(-liking[group])):
                    rows.append((person, word))
    return frame(
        "words",
        [
            {
                "response_id": f"r{person}",
                "respondent_id": f"p{person:03d}",
                "model_id": f"m{person % models}",
                "position": i,
                "raw": word,
                "word": word,
                "kept": True,
                "reason": "given",
            }
            for i, (person, word) in enumerate(rows)
        ],
    )


def lexicon_table(words: pd.DataFrame) -> pd.DataFrame:
    from valuelex.lexicon import LexiconSettings, from_words

    return from_words(words, LexiconSettings())["lexicon"]


def taxonomy(words: pd.DataFrame, **settings: object) -> dict:
    chosen = TaxonomySettings(**({"bootstrap": 30} | settings))
    return run(words, lexicon_table(words), chosen, seed=1, embedder=PlantedEmbedder())


@pytest.fixture(scope="module")
def planted() -> dict:
    return taxonomy(words_table(), n_clusters=3)


def test_a_planted_structure_is_found_and_can_be_interpreted(planted: dict) -> None:
    assert planted["adequacy"]["factorable"] is True
    assert planted["adequacy"]["reasons"] == []
    assert planted["taxonomy"]["interpretable"] is True
    found = [set(d["words"]) for d in planted["taxonomy"]["dimensions"]]
    assert len(found) == 3
    for group in GROUPS.values():
        assert set(group) in found
    table = planted["assignments"]
    assert set(table["word"]) == set(WORDS)
    assert (table["loading"] > 0.3).all()
    assert ((table["communality"] > 0) & (table["communality"] < 1)).all()


def test_tables_are_whole_and_of_their_schema(planted: dict) -> None:
    for name in (
        "assignments",
        "loadings",
        "structure",
        "factor_correlations",
        "retention",
        "eigenvalues",
        "stability",
    ):
        assert {c.name for c in TABLES[name].columns} <= set(planted[name].columns)
        assert len(planted[name]) > 0
    assert list(planted["loadings"].columns) == ["word", "F1", "F2", "F3"]
    criteria = planted["retention"].set_index("criterion")["n_factors"]
    assert criteria["parallel-permutation"] == 3
    assert set(planted["stability"]["kind"]) == {"cluster", "factor"}


def test_the_same_seed_gives_the_same_tables(planted: dict) -> None:
    again = taxonomy(words_table(), n_clusters=3)
    for name in ("assignments", "loadings", "stability", "eigenvalues"):
        pd.testing.assert_frame_equal(again[name], planted[name])
    assert again["taxonomy"] == planted["taxonomy"]


def test_noise_is_not_factorable_and_not_interpretable() -> None:
    made = taxonomy(words_table(structure=False))
    assert made["adequacy"]["factorable"] is False
    assert any("column-permuted" in r or "KMO" in r or "Bartlett" in r for r in made["adequacy"]["reasons"])
    assert made["taxonomy"]["interpretable"] is False
    assert made["taxonomy"]["basis"] == "meaning alone"
    assert len(made["loadings"]) == 0
    assert made["taxonomy"]["dimensions"]


def test_no_more_respondents_than_words_is_not_factorable() -> None:
    made = taxonomy(words_table(n=14), min_prevalence=0.0, max_prevalence=1.0)
    assert made["adequacy"]["factorable"] is False
    assert any("no more cases" in r for r in made["adequacy"]["reasons"])


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_a_handful_of_respondents_is_no_crash(n: int) -> None:
    made = run(
        words_table(n=n),
        lexicon_table(words_table()),
        TaxonomySettings(bootstrap=5, min_prevalence=0.0, max_prevalence=1.0),
        seed=1,
        embedder=PlantedEmbedder(),
    )
    assert made["adequacy"]["factorable"] is False
    assert made["adequacy"]["reasons"]
    assert made["taxonomy"]["interpretable"] is False
    assert made["taxonomy"]["dimensions"]


def test_too_few_words_have_no_structure() -> None:
    words = words_table()
    made = taxonomy(words[words["word"].isin(["honesty", "care"])])
    assert made["taxonomy"]["dimensions"] == []
    assert made["taxonomy"]["interpretable"] is False
    assert "holds 2 words" in made["taxonomy"]["reasons"][0]
    assert len(made["assignments"]) == 0


def test_a_factor_that_is_the_difference_between_two_models_says_so() -> None:
    """Model m0 names moral words, m1 warm ones; within a model nothing varies together."""
    rng = np.random.default_rng(3)
    rows = []
    for person in range(80):
        for group in ("moral", "warm"):
            share = 0.8 if (group == "moral") == (person % 2 == 0) else 0.2
            rows += [(person, w) for w in GROUPS[group] if rng.random() < share]
    words = frame(
        "words",
        [
            {"response_id": f"r{p}", "respondent_id": f"p{p:03d}", "model_id": f"m{p % 2}", "position": i, "raw": w, "word": w,
             "kept": True, "reason": "given"}
            for i, (p, w) in enumerate(rows)
        ],
    )  # fmt: skip
    made = taxonomy(words, n_clusters=2)
    assert made["adequacy"]["factorable"] is True
    assert made["adequacy"]["between_models"]["F1"] > 0.5
    assert made["taxonomy"]["interpretable"] is False
    assert any("mostly the difference between them" in r for r in made["taxonomy"]["reasons"])
    # One bipolar factor; its two poles stay apart.
    assert {frozenset(d["words"]) for d in made["taxonomy"]["dimensions"]} == {
        frozenset(GROUPS["moral"]),
        frozenset(GROUPS["warm"]),
    }


def test_the_matrix_holds_respondents_who_named_nothing_kept() -> None:
    words = words_table(n=3)
    words.loc[words["respondent_id"] == "p001", "kept"] = False
    matrix = respondent_word_matrix(words, lexicon_table(words_table(n=50)), "binary")
    assert list(matrix.index) == ["p000", "p001", "p002"]
    assert matrix.loc["p001"].sum() == 0
    assert set(np.unique(matrix)) <= {0.0, 1.0}


def test_counts_are_answers_not_respondents() -> None:
    words = words_table(n=2)
    twice = pd.concat([words, words.assign(response_id=words["response_id"] + "b")], ignore_index=True)
    lexicon = lexicon_table(words_table(n=50))
    assert respondent_word_matrix(twice, lexicon, "count").to_numpy().max() == 2
    assert respondent_word_matrix(twice, lexicon, "binary").to_numpy().max() == 1


def test_clusters_without_a_salient_word_join_by_meaning() -> None:
    vectors = PlantedEmbedder().encode(WORDS)
    clusters = cluster(vectors, 3)
    factored = GROUPS["moral"] + GROUPS["warm"]
    loadings = pd.DataFrame({"F1": [0.7] * 6 + [0.0] * 6, "F2": [0.0] * 6 + [0.6] * 6}, index=factored)
    found = join(WORDS, vectors, clusters, loadings, salient=0.3)
    assert len(set(found.dimension_of.values())) == 2
    assert sum("nearest in meaning" in line for line in found.log) == 1


def test_too_few_varying_words_are_said() -> None:
    words = words_table(n=30)
    matrix = respondent_word_matrix(words, lexicon_table(words), "binary")
    found = analyse(
        matrix, pd.Series("m", index=matrix.index), TaxonomySettings(min_prevalence=0.98, max_prevalence=1.0), seed=1
    )
    assert found.efa is None
    assert "vary enough" in found.adequacy["reasons"][0]


def test_given_assignments_become_dimensions() -> None:
    table = frame(
        "assignments",
        [{c.name: None for c in TABLES["assignments"].columns} | {"word": w, "dimension": "D", "subdimension": s}
         for w, s in (("honesty", "A"), ("love", "B"))],
    )  # fmt: skip
    document = from_assignments(table)["taxonomy"]
    assert [s["name"] for s in document["dimensions"][0]["subdimensions"]] == ["A", "B"]
    assert "given" in document["reasons"][0]


@pytest.mark.parametrize(
    "bad", [{"matrix": "tfidf"}, {"n_factors": 0}, {"min_prevalence": 0.9, "max_prevalence": 0.1}, {"bootstrap": -1}]
)
def test_bad_settings_are_refused(bad: dict) -> None:
    with pytest.raises(ValidationError):
        TaxonomySettings(**bad)
