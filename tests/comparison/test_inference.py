"""One question put to the scores: what backs an answer, what is refused, and matched contrasts against paired tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from valuelex.comparison import ComparisonSettings, read_scores
from valuelex.comparison.contrasts import contrasts
from valuelex.comparison.covariates import join
from valuelex.comparison.simulation import Design, simulate
from valuelex.tables import frame

WIDE = (-100.0, 100.0)


def exact(scores: dict[str, float]) -> pd.DataFrame:
    """One score a model, taken as exact."""
    blank = dict.fromkeys(("item_id", "valence", "form", "se"))
    fixed = {"sample_index": 0, "judge_id": "judge", "level": "dimension", "dimension": "x"} | blank
    return frame("item_scores", [{"model_id": m, "score": s} | fixed for m, s in scores.items()])


def compared(scores: dict[str, float], facts: pd.DataFrame, **settings: object) -> pd.DataFrame:
    asked = ComparisonSettings(**({"scale": WIDE, "measures": ["level"], "bootstrap": 199} | settings))
    scored = read_scores(exact(scores), scale=WIDE)
    table = contrasts(scored, join(scored.models, facts), asked, seed=1)
    return table[table["scope"] == "models like these"].set_index("contrast")


def test_tuned_against_base_is_a_paired_t_test() -> None:
    rng = np.random.default_rng(1)
    scores, rows = {}, {}
    for k in range(6):
        scores |= {f"b{k}": rng.normal(), f"t{k}": rng.normal() + 0.5}
        rows |= {
            f"b{k}": {"family": f"f{k}", "training": "pretrained", "tuned_from": None},
            f"t{k}": {"family": f"f{k}", "training": "aligned", "tuned_from": f"b{k}"},
        }
    row = compared(scores, pd.DataFrame.from_dict(rows, orient="index"), contrasts=["training"]).loc[
        "training: tuned - base, matched pairs"
    ]
    paired = stats.ttest_rel([scores[f"t{k}"] for k in range(6)], [scores[f"b{k}"] for k in range(6)])
    assert row["estimate"] == pytest.approx(np.mean([scores[f"t{k}"] - scores[f"b{k}"] for k in range(6)]))
    assert (row["df"], row["p"]) == (pytest.approx(5), pytest.approx(paired.pvalue))
    assert row["permutation_least"] == 2 / 2**6


def test_a_tuned_model_over_steps_in_between_still_has_its_base() -> None:
    rows = {
        "base": {"training": "pretrained", "tuned_from": None},
        "step": {"training": "instruction-tuned", "tuned_from": "base"},
        "last": {"training": "aligned", "tuned_from": "step"},
    }
    found = compared(
        {"base": 1.0, "step": 2.0, "last": 4.0}, pd.DataFrame.from_dict(rows, orient="index"), contrasts=["training"]
    )
    row = found.loc["training: tuned - base, matched pairs"]
    # The step is the nearer origin of the last one and no base: both are set against the pretrained model, in one group.
    assert "3 models in 1 groups" in row["method"]
    assert row["estimate"] == pytest.approx((2.0 + 4.0) / 2 - 1.0)


def test_a_base_that_was_trained_further_itself_stands_in_its_pair_alone() -> None:
    rows = {
        "old": {"training": "pretrained", "tuned_from": None},
        "new": {"training": "pretrained", "tuned_from": "old"},
        "a": {"training": "aligned", "tuned_from": "old"},
        "b": {"training": "aligned", "tuned_from": "new"},
    }
    scores = {"old": 1.0, "new": 2.0, "a": 1.5, "b": 3.5}
    found = compared(scores, pd.DataFrame.from_dict(rows, orient="index"), contrasts=["training"])
    row = found.loc["training: tuned - base, matched pairs"]
    assert "4 models in 2 groups" in row["method"]
    assert row["estimate"] == pytest.approx((0.5 + 1.5) / 2)


def test_size_within_families_does_not_see_what_sets_families_apart() -> None:
    """Larger families of models score lower, while within each the larger model scores higher: Simpson's paradox."""
    rng = np.random.default_rng(2)
    scores, rows = {}, {}
    for f in range(6):
        for s in range(3):
            size = f + s / 2
            scores[f"m{f}{s}"] = -2.0 * f + 1.0 * (s / 2) + rng.normal(0, 0.05)
            rows[f"m{f}{s}"] = {"family": f"f{f}", "parameters": 1e8 * 10 ** (size / 2), "training": "aligned"}
    found = compared(scores, pd.DataFrame.from_dict(rows, orient="index"), contrasts=["parameters"])
    assert found.loc["parameters: slope per tenfold size, within families", "estimate"] == pytest.approx(2.0, abs=0.2)
    assert found.loc["parameters: slope per tenfold size, within families", "df"] == pytest.approx(18 - 6 - 1)


def test_a_covariate_that_is_constant_in_every_family_is_refused_or_reported_as_what_it_is() -> None:
    table, facts = simulate(Design(families=8, models=(2, 3), dimensions=1, stems=8, samples=1, judges=1), 1)
    scored = read_scores(table, scale=WIDE)
    known = join(scored.models, facts)
    for confounded, word in (("refuse", "refused: region is constant within every family"), ("report", "")):
        asked = ComparisonSettings(
            scale=WIDE, contrasts=["region"], measures=["level"], confounded=confounded, bootstrap=99
        )
        found = contrasts(scored, known, asked, seed=1)
        row = found[found["scope"] == "models like these"].iloc[0]
        assert row["verdict"].startswith(word)
        assert pd.isna(row["estimate"]) == (confounded == "refuse")
        if confounded == "report":
            assert "with whatever else sets them apart" in row["method"]
            assert row["df"] < 8


def test_one_level_one_model_and_unknown_covariates_are_rows_that_say_so() -> None:
    rows = {m: {"family": "f", "training": "aligned"} for m in "abc"}
    found = compared(dict(zip("abc", (1.0, 2.0, 3.0), strict=True)), pd.DataFrame.from_dict(rows, orient="index"))
    assert found.loc["training", "verdict"] == "refused: all models have the same training"
    assert found.loc["parameters: slope per tenfold size", "verdict"] == "refused: no model's parameters is known"


def test_held_equal_covariates_are_in_the_model_and_permutation_is_left_out() -> None:
    table, facts = simulate(Design(families=8, models=(3, 4), dimensions=1, stems=8, samples=1, judges=1), 2)
    scored = read_scores(table, scale=WIDE)
    known = join(scored.models, facts)
    plain, held = (
        contrasts(
            scored,
            known,
            ComparisonSettings(scale=WIDE, contrasts=["training"], measures=["level"], adjust_for=a, bootstrap=99),
            seed=1,
        ).query("scope == 'models like these'")
        for a in ([], ["parameters"])
    )
    assert "held equal on parameters" in held.iloc[0]["method"]
    assert held.iloc[0]["estimate"] != plain.iloc[0]["estimate"]
    assert pd.isna(held.iloc[0]["permutation_p"])
    assert pd.notna(plain.iloc[0]["permutation_p"])


def test_a_family_that_carries_the_effect_is_named() -> None:
    rng = np.random.default_rng(3)
    scores, rows = {}, {}
    for f in range(5):
        for t in (0, 1):
            for k in range(2):
                m = f"m{f}{t}{k}"
                scores[m] = rng.normal(0, 0.1) + 3.0 * t * (f == 2)
                rows[m] = {"family": f"f{f}", "training": ("pretrained", "aligned")[t]}
    row = compared(scores, pd.DataFrame.from_dict(rows, orient="index"), contrasts=["training"]).iloc[0]
    assert row["without_family"] == "f2"
    assert abs(row["without_low"]) < 0.2 < row["estimate"]
    assert row["boot_p"] > 0.05
