"""The taxonomy on planted structures, on noise, and on what is too little."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.metrics import adjusted_rand_score

from valuelex.tables import TABLES, frame
from valuelex.taxonomy import TaxonomySettings, analyse, from_assignments, respondent_word_matrix, run
from valuelex.taxonomy.recovery import lexicon_of
from valuelex.taxonomy.simulation import Population, SimulatedEmbedder, simulate

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
                "token": word,
                "lemma": word,
                "rule": None,
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
    assert (table["loading"].abs() > 0.3).all()
    assert ((table["communality"] > 0) & (table["communality"] < 1)).all()
    assert set(table["placed_by"]) == {"factors"}
    assert (table["probability"] > 0.9).all()


def test_tables_are_whole_and_of_their_schema(planted: dict) -> None:
    for name in (
        "assignments",
        "loadings",
        "structure",
        "factor_correlations",
        "retention",
        "eigenvalues",
        "stability",
        "word_pairs",
        "word_tree",
        "cluster_numbers",
        "structure_agreement",
        "controls",
    ):
        assert {c.name for c in TABLES[name].columns} <= set(planted[name].columns)
        assert len(planted[name]) > 0
    # Three groups of words that are named in place of one another are two factors.
    assert list(planted["loadings"].columns) == ["word", "F1", "F2"]
    criteria = planted["retention"].set_index("criterion")["n_factors"]
    assert criteria["parallel-permutation"] == 2
    assert set(planted["stability"]["kind"]) == {"cluster", "dimension"}
    recovered = planted["stability"].query("kind == 'dimension'")
    assert {s.split(",")[1].strip().split(" (")[0] for s in recovered["statistic"]} == {
        "respondents resampled",
        "models resampled",
        "each family left out in turn",
        "within models alone",
        "between models alone",
    }
    assert (recovered["mean"] > 0.8).all()


def test_the_same_seed_gives_the_same_tables(planted: dict) -> None:
    again = taxonomy(words_table(), n_clusters=3)
    for name in ("assignments", "loadings", "stability", "eigenvalues"):
        pd.testing.assert_frame_equal(again[name], planted[name])
    assert again["taxonomy"] == planted["taxonomy"]


def test_noise_is_not_factorable_and_not_interpretable() -> None:
    made = taxonomy(words_table(structure=False))
    assert made["adequacy"]["factorable"] is False
    assert any("permuted" in r or "KMO" in r for r in made["adequacy"]["reasons"])
    assert made["taxonomy"]["interpretable"] is False
    assert made["taxonomy"]["basis"] == "meaning alone"
    assert len(made["loadings"]) == 0
    assert made["taxonomy"]["dimensions"]


def test_without_factors_the_answers_alone_place_no_word_and_meaning_is_not_said_to() -> None:
    made = taxonomy(words_table(structure=False), bootstrap=0, structure="empirical")["assignments"]
    assert made["dimension"].isna().all()
    assert set(made["placed_by"]) == {"unassigned: neither answers nor meaning place it"}


def test_too_few_respondents_are_not_factorable() -> None:
    made = taxonomy(words_table(n=14), min_prevalence=0.0, max_prevalence=1.0)
    assert made["adequacy"]["factorable"] is False
    assert any("needs at least 20" in r for r in made["adequacy"]["reasons"])


def test_never_as_many_words_as_respondents_are_factored_and_the_others_are_placed_by_extension() -> None:
    words = words_table()
    made = taxonomy(words, max_words=12, n_clusters=3)
    assert made["adequacy"]["n_words_used"] == 12
    assert made["adequacy"]["n_words_extended"] == 6
    assert made["assignments"]["placed_by"].value_counts().to_dict() == {"factors": 12, "extension": 6}
    assert len(made["loadings"]) == 18
    for group in GROUPS.values():
        assert set(group) in [set(d["words"]) for d in made["taxonomy"]["dimensions"]]
    few = taxonomy(words_table(n=24, models=24), min_prevalence=0.0, max_prevalence=1.0, max_words=300)
    assert few["adequacy"]["n_words_used"] == 18


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


def test_the_difference_between_two_models_is_no_factor() -> None:
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
             "kept": True, "reason": "given", "token": w, "lemma": w, "rule": None}
            for i, (p, w) in enumerate(rows)
        ],
    )  # fmt: skip
    made = taxonomy(words, n_clusters=2)
    assert made["adequacy"]["factorable"] is False
    assert any("likeness of a model's configurations" in r for r in made["adequacy"]["reasons"])
    assert made["taxonomy"]["interpretable"] is False
    # The same answers from eighty models are a dimension with two ends.
    alone = taxonomy(words.assign(model_id=words["respondent_id"]), n_clusters=2)
    assert alone["adequacy"]["factorable"] is True
    assert {frozenset(d["words"]) for d in alone["taxonomy"]["dimensions"]} == {
        frozenset(GROUPS["moral"]),
        frozenset(GROUPS["warm"]),
    }


def test_where_answers_cut_across_meaning_dimensions_follow_the_answers_and_it_is_said() -> None:
    drawn = simulate(Population(3, 60, 30, 10, meaning_follows=False), 3)
    made = run(
        drawn.words, lexicon_of(drawn.words), TaxonomySettings(bootstrap=0), seed=1, embedder=SimulatedEmbedder(drawn)
    )
    table = made["assignments"].set_index("word")
    real = drawn.truth[drawn.truth >= 0].index
    assert adjusted_rand_score(drawn.truth[real], table.loc[real, "dimension"].fillna("none")) > 0.8
    assert "structures differ" in made["taxonomy"]["structures"]["verdict"]
    assert made["structure_agreement"].set_index("statistic").loc["Mantel correlation", "p"] > 0.01
    assert set(made["taxonomy"]["unassigned"]) == set(table.index[table["dimension"].isna()])


def test_blurred_meaning_speaks_against_subdimensions_where_answers_give_the_dimensions() -> None:
    drawn = simulate(Population(3, 60, 30, 10), 3)
    rng = np.random.default_rng(1)
    drawn.vectors.loc[:, :] = rng.normal(size=drawn.vectors.shape)
    lexicon, embedder = lexicon_of(drawn.words), SimulatedEmbedder(drawn)
    made = run(drawn.words, lexicon, TaxonomySettings(bootstrap=10), seed=1, embedder=embedder)["taxonomy"]
    assert made["interpretable"] is True
    assert any("cluster weakly by meaning" in caveat for caveat in made["caveats"])


def test_clusters_can_be_the_dimensions() -> None:
    made = taxonomy(words_table(), n_clusters=3, outer="clusters")
    table = made["assignments"]
    assert table.groupby("dimension")["cluster"].nunique().eq(1).all()
    assert table["dimension"].notna().all()


def test_too_few_varying_words_are_said() -> None:
    words = words_table(n=30)
    matrix = respondent_word_matrix(words, lexicon_table(words), "binary")
    models = pd.Series("m", index=matrix.respondents)
    found = analyse(matrix, models, TaxonomySettings(min_prevalence=0.98, max_prevalence=1.0), seed=1)
    assert found.solution is None
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
    "bad",
    [
        {"matrix": "bm25"},
        {"association": "cosine"},
        {"outer": "both"},
        {"n_factors": 0},
        {"min_prevalence": 0.9, "max_prevalence": 0.1},
        {"bootstrap": -1},
    ],
)
def test_bad_settings_are_refused(bad: dict) -> None:
    with pytest.raises(ValidationError):
        TaxonomySettings(**bad)
