"""The structure inside models as a study's taxonomy: planted profiles, split halves, and what is too little."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.metrics import adjusted_rand_score

from valuelex.errors import DataError, SettingError
from valuelex.models import Caller, Ledger
from valuelex.tables import frame
from valuelex.taxonomy import TaxonomySettings, choose_models, read_profiles, run_intrinsic, texts_per_word
from valuelex.taxonomy.intrinsic import Profiles, frames_of, split_half
from valuelex.taxonomy.settings import IntrinsicSettings

GROUPS = {
    "moral": ["honesty", "integrity", "truthfulness", "sincerity", "fairness", "justice", "loyalty", "trust"],
    "warm": ["compassion", "kindness", "empathy", "generosity", "care", "love", "warmth", "tenderness"],
    "able": ["competence", "accuracy", "knowledge", "excellence", "efficiency", "diligence", "skill", "mastery"],
}
WORDS = [w for group in GROUPS.values() for w in group]
FOLLOW = [f"next{i}" for i in range(60)]


class PlantedScorer:
    """Log-probabilities made up for the test: words of a group raise the same continuations. No model is behind it."""

    def __init__(self, seed: int, strength: float = 1.5) -> None:
        rng = np.random.default_rng(seed)
        self.taste = dict(zip(GROUPS, rng.normal(size=(3, len(FOLLOW))), strict=True))
        self.strength, self.seed = strength, seed

    def one_token(self, words: list[str]) -> list[str]:
        return [w for w in words if not w.endswith("7")]

    def __call__(self, texts: list[str], words: list[str]) -> np.ndarray:
        at = [FOLLOW.index(w) for w in words]
        rows = []
        for text in texts:
            group = next((g for g, members in GROUPS.items() if any(m in text for m in members)), None)
            group = None if text.endswith("but") else group
            rng = np.random.default_rng([self.seed, sum(i * ord(c) for i, c in enumerate(text))])
            signal = self.taste[group][at] if group else 0.0
            rows.append(-8 + self.strength * signal + rng.normal(size=len(at)))
        return np.array(rows)


class PlantedEmbedder:
    """Vectors made up for the test: words of a group lie together. No model is behind it."""

    name = "planted"

    def encode(self, texts: list[str]) -> np.ndarray:
        out = []
        for text in texts:
            word = text.split(":")[0]
            group = next((i for i, g in enumerate(GROUPS.values()) if word in g), 3)
            noise = np.random.default_rng(sum(i * ord(c) for i, c in enumerate(word))).normal(0, 0.2, 8)
            out.append(np.eye(8)[group] + noise)
        return np.vstack([v / np.linalg.norm(v) for v in out])


FRAMES = ("We stand for {word} and", ("I like {word} and", "I like {word} but"))


def profiles(n_models: int = 1, strength: float = 1.5, tmp: Path = Path()) -> Profiles:
    models: Any = [SimpleNamespace(id=f"m{i}") for i in range(n_models)]
    caller: Any = None
    settings = IntrinsicSettings(frames=FRAMES)
    return read_profiles(
        models, WORDS, FOLLOW, settings, caller, score=lambda model: PlantedScorer(int(model.id[1:]), strength)
    )


def lexicon() -> pd.DataFrame:
    counts = {"n_responses": 0, "n_respondents": 0, "n_models": 0}
    return frame("lexicon", [{"word": w, "variants": w, **counts, "gloss": None, "source": "test"} for w in WORDS])


def taxonomy(found: Profiles, **changes: Any) -> dict[str, Any]:
    settings = TaxonomySettings(structure="intrinsic", **({"bootstrap": 10} | changes))
    return run_intrinsic(found, lexicon(), settings, seed=3, embedder=PlantedEmbedder())


@pytest.fixture(scope="module")
def planted() -> dict[str, Any]:
    return taxonomy(profiles(n_models=2))


def test_profiles_know_their_contexts() -> None:
    found = profiles(n_models=2)
    assert found.data.shape == (2 * 2 * 54, len(WORDS))
    assert found.contexts.groupby(["model_id", "frame"]).size().tolist() == [54] * 4
    assert found.of("m1").shape == (108, len(WORDS))
    np.testing.assert_allclose(found.of("m0").mean(), 0, atol=1e-9)


def test_planted_groups_come_back(planted: dict[str, Any]) -> None:
    assert planted["adequacy"]["factorable"]
    table = planted["assignments"].dropna(subset=["dimension"])
    truth = [next(g for g, members in GROUPS.items() if w in members) for w in table["word"]]
    assert len(table) == len(WORDS)
    assert adjusted_rand_score(truth, table["dimension"]) == 1
    assert planted["taxonomy"]["basis"] == "log-probabilities and meaning"
    assert any("Nothing was asked" in caveat for caveat in planted["taxonomy"]["caveats"])
    assert not any("One model alone was asked" in reason for reason in planted["taxonomy"]["reasons"])


def test_the_number_of_factors_is_that_which_other_continuations_show(planted: dict[str, Any]) -> None:
    row = planted["retention"].set_index("criterion").loc["split halves"]
    assert row["n_factors"] == 2  # three groups, whose profiles are contrasts: two factors
    least = json.loads(row["settings"])["least_cosine"]
    assert least["2"] > 0.9 > least["3"]


def test_each_model_alone_is_compared(planted: dict[str, Any]) -> None:
    said = set(planted["stability"]["statistic"].str.split(",").str[1].str.strip().str.split(" \\(").str[0])
    assert {"continuations resampled", "m0 alone", "m1 alone"} <= said
    table = planted["intrinsic"].set_index("model_id")
    assert (table["r_others"] > 0.5).all()
    assert (table["r_meaning"] > 0.3).all()
    assert table["r_answers"].isna().all()


def test_permuted_profiles_have_no_factor(planted: dict[str, Any]) -> None:
    control = planted["controls"].set_index("control")
    assert control.loc["permuted profiles", "n_factors"] == 0
    assert control.loc["the profiles", "n_factors"] == 2


def test_profiles_without_structure_are_no_taxonomy() -> None:
    found = taxonomy(profiles(strength=0.0))
    assert not found["adequacy"]["factorable"]
    assert found["taxonomy"]["dimensions"] == []
    assert not found["taxonomy"]["interpretable"]
    assert set(found["taxonomy"]["unassigned"]) == set(WORDS)
    assert "no taxonomy" in found["taxonomy"]["reasons"][0]


def test_the_same_seed_gives_the_same_tables(planted: dict[str, Any]) -> None:
    again = taxonomy(profiles(n_models=2))
    for name, made in planted.items():
        if isinstance(made, pd.DataFrame):
            pd.testing.assert_frame_equal(made, again[name])
        else:
            assert made == again[name]


def test_answers_are_compared_where_models_were_asked() -> None:
    rng = np.random.default_rng(2)
    rows = []
    for person in range(60):
        liked = rng.choice(list(GROUPS))
        chosen = [w for g, members in GROUPS.items() for w in members if rng.random() < (0.7 if g == liked else 0.15)]
        rows += [
            {"response_id": f"r{person}", "respondent_id": f"p{person}", "model_id": f"m{person % 6}", "position": i, "raw": w,
             "word": w, "kept": True, "reason": "test"}
            for i, w in enumerate(chosen)
        ]  # fmt: skip
    settings = TaxonomySettings(structure="intrinsic", bootstrap=0)
    words = frame("words", rows)
    found = run_intrinsic(profiles(), lexicon(), settings, seed=3, embedder=PlantedEmbedder(), words=words)
    row = found["structure_agreement"].set_index("statistic").loc["Mantel correlation with the answers"]
    assert row["value"] > 0.3
    assert found["intrinsic"]["r_answers"].iloc[0] == pytest.approx(row["value"])


def test_split_halves_count_what_replicates() -> None:
    """Three planted factors in noise: three come back, a fourth does not; independent columns have none."""
    rng = np.random.default_rng(4)
    pattern = np.kron(np.eye(3), np.ones((1, 8)))
    X = rng.normal(size=(300, 3)) @ pattern + rng.normal(size=(300, 24))
    units = pd.Series(np.arange(300))
    assert split_half(pd.DataFrame(X), units, seed=1).n_factors == 3
    assert split_half(pd.DataFrame(rng.normal(size=(300, 24))), units, seed=1).n_factors == 0


def test_rows_of_one_unit_stay_in_one_half() -> None:
    """Every row four times, as four units, is structure of the copies; kept together it is none."""
    rng = np.random.default_rng(5)
    X = pd.DataFrame(np.repeat(rng.normal(size=(40, 12)), 4, axis=0))
    together = split_half(X, pd.Series(np.repeat(np.arange(40), 4)), most=2, seed=1)
    apart = split_half(X, pd.Series(np.arange(160)), most=2, seed=1)
    assert together.least[1] < 0.7 < apart.least[1]


def test_frames_are_packaged_or_ones_own() -> None:
    assert texts_per_word(IntrinsicSettings()) == 6
    assert texts_per_word(IntrinsicSettings(frames=FRAMES)) == 3
    assert frames_of(IntrinsicSettings(frames="adjectives"))[0] == (
        "My friend is {word} and",
        "My friend is {word} but",
    )
    with pytest.raises(ValidationError):
        IntrinsicSettings(frames=("no place for a word",))
    with pytest.raises(ValidationError):
        IntrinsicSettings(frames=())


def model(name: str, can_score: bool) -> Any:
    return SimpleNamespace(id=name, can_score=can_score)


def test_models_that_cannot_score_are_named() -> None:
    population = [model("here", True), model("far", False)]
    assert [m.id for m in choose_models(population, IntrinsicSettings())] == ["here"]
    with pytest.raises(SettingError, match="far gives no log-probabilities"):
        choose_models(population, IntrinsicSettings(models=("far",)))
    with pytest.raises(SettingError, match="nobody is not one of the study's models"):
        choose_models(population, IntrinsicSettings(models=("nobody",)))
    with pytest.raises(SettingError, match="None of the study's models"):
        choose_models([model("far", False)], IntrinsicSettings())


def test_too_few_continuations_of_one_token(tmp_path: Path) -> None:
    caller = Caller(Ledger(tmp_path / "calls.jsonl"))
    with pytest.raises(DataError, match="m0: 9 of 10 words are one token"):
        read_profiles(
            [model("m0", True)], WORDS, FOLLOW[:10], IntrinsicSettings(), caller, score=lambda m: PlantedScorer(1)
        )
