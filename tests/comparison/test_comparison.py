"""Scores and contrasts against closed forms."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from valuelex.comparison import ComparisonSettings
from valuelex.comparison import run as compare
from valuelex.comparison.covariates import join
from valuelex.comparison.questions import questions
from valuelex.errors import DataError
from valuelex.projective import ScoringSettings, score
from valuelex.tables import frame

quick = partial(ComparisonSettings, power_draws=0)
"""Power by simulation has a page of tests of its own."""

DIMENSION_OF = {"honest": "Moral", "fair": "Moral", "warm": "Warm"}


def data(
    effect: float = 1.0, items: int = 12, samples: int = 2, seed: int = 2
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Models small and large; large is higher by `effect` on every scale; stems differ in difficulty."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0, 0.5, items)
    completions, judgements = [], []
    for model in ("small", "large"):
        for item in range(items):
            for sample in range(samples):
                completion_id = f"{model}-{item}-{sample}"
                completions.append(
                    {"completion_id": completion_id, "item_id": f"i{item:02d}", "respondent_id": model, "model_id": model,
                     "sample_index": sample, "text": "x", "status": "ok", "status_reason": None, "seed": 1, "n_tokens_in": 1,
                     "n_tokens_out": 1, "latency_s": 0.1}
                )  # fmt: skip
                for scale in DIMENSION_OF:
                    score = 3 + difficulty[item] + (effect if model == "large" else 0) + rng.normal(0, 0.3)
                    judgements.append(
                        {"completion_id": completion_id, "judge_id": "j", "dimension": scale,
                         "score": float(np.clip(score, 0, 6)), "applicable": True, "rationale": None}
                    )  # fmt: skip
    instrument = frame(
        "instrument",
        [
            {"item_id": f"i{k:02d}", "stem": f"stem {k}", "dimension": DIMENSION_OF[sub], "subdimension": sub,
             "valence": "neutral", "form": "A", "source": "bank", "bank_id": None}
            for k, sub in zip(range(items), list(DIMENSION_OF) * items, strict=False)
        ],
    )  # fmt: skip
    return frame("judgements", judgements), frame("completions", completions), instrument


FACTS = pd.DataFrame(
    {"parameters": [1e8, 1e9], "training": ["pretrained", "aligned"], "family": ["a", "b"], "developer": [None, "x"]},
    index=pd.Index(["small", "large"], name="model_id"),
)


def run(judgements, completions, instrument, *, facts: pd.DataFrame, settings: ComparisonSettings) -> dict:
    """Both steps, as in a study."""
    found = dict(score(judgements, completions, instrument, ScoringSettings(bootstrap=0)))
    return found | compare(found["item_scores"], facts=facts, settings=settings)


def these(table: pd.DataFrame, measure: str = "level") -> pd.DataFrame:
    """Contrasts between just these models."""
    return table[(table["scope"] == "these models") & (table["measure"] == measure)]


def made(effect: float = 1.0, **kwargs: object) -> dict:
    judgements, completions, instrument = data(effect, **kwargs)
    return run(judgements, completions, instrument, facts=FACTS, settings=quick())


def test_a_mean_and_its_interval_are_over_stems() -> None:
    judgements, completions, instrument = data()
    scores = score(judgements, completions, instrument, ScoringSettings(bootstrap=0))["scores"]
    row = scores[(scores["model_id"] == "small") & (scores["dimension"] == "honest")].iloc[0]
    mine = judgements[judgements["completion_id"].str.startswith("small") & (judgements["dimension"] == "honest")]
    by_item = (
        mine.groupby(mine["completion_id"].str.extract(r"-(\d+)-")[0].astype(int).to_numpy())["score"]
        .mean()
        .astype(float)
    )
    low, high = stats.t.interval(0.95, len(by_item) - 1, by_item.mean(), stats.sem(by_item))
    assert row["mean"] == pytest.approx(by_item.mean())
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))
    assert (row["n"], row["n_items"], row["level"]) == (24, 12, "subdimension")


def test_both_levels_are_scored() -> None:
    scores = made()["scores"]
    assert set(scores["level"]) == {"dimension", "subdimension"}
    assert set(scores.loc[scores["level"] == "dimension", "dimension"]) == {"Moral", "Warm"}


def test_a_difference_of_one_point_is_found() -> None:
    table = these(made()["comparisons"])
    training = table[table["contrast"] == "training: aligned - pretrained"].set_index("dimension")
    assert training.loc["Moral", "estimate"] == pytest.approx(1, abs=0.2)
    assert training.loc["Moral", "p_adjusted"] < 0.001
    assert training.loc["Moral", "verdict"] == "differs by more than 0.2"
    slope = table[table["contrast"] == "parameters: slope per tenfold size"].set_index("dimension")
    assert slope.loc["Moral", "estimate"] == pytest.approx(training.loc["Moral", "estimate"])


def test_one_question_asked_twice_is_counted_once() -> None:
    """With two models size and training are the same difference: Holm multiplies by the two dimensions, not by four."""
    table = these(made(effect=0.1)["comparisons"]).sort_values("p")
    smallest = table.iloc[0]
    assert smallest["p_adjusted"] == pytest.approx(min(1.0, 2 * smallest["p"]))
    assert table["method"].str.contains("counted once by Holm").sum() == 2


def test_no_difference_is_equivalence_not_a_failure_to_find_one() -> None:
    table = these(made(effect=0.0, items=200, seed=4)["comparisons"])
    assert set(table["verdict"]) == {"equivalent within 0.2"}


def test_two_models_say_nothing_of_other_models() -> None:
    table = made()["comparisons"]
    like = table[table["scope"] == "models like these"]
    assert like["p"].isna().all()
    assert like["verdict"].str.startswith(("cannot be learned: 2 models of 2 families", "refused: ")).all()


def test_the_paired_contrast_is_a_paired_t_test() -> None:
    judgements, completions, instrument = data()
    table = run(judgements, completions, instrument, facts=FACTS, settings=quick(contrasts=["training"]))["comparisons"]
    row = these(table)[these(table)["dimension"] == "Warm"].iloc[0]
    warm = judgements[judgements["dimension"] == "warm"].merge(completions[["completion_id", "item_id", "model_id"]])
    wide = warm.groupby(["item_id", "model_id"])["score"].mean().astype(float).unstack()
    expected = stats.ttest_rel(wide["large"], wide["small"])
    assert row["p"] == pytest.approx(expected.pvalue)
    assert row["estimate"] == pytest.approx((wide["large"] - wide["small"]).mean())


def test_a_model_whose_size_is_unknown_is_left_out_and_named() -> None:
    found = questions(join(["small", "large", "third"], FACTS), quick())
    assert all("left out for want of" in q.method and "third" in q.method for q in found)
    assert set(found[0].models) == {"small", "large"}


def test_one_model_has_scores_and_no_contrasts() -> None:
    judgements, completions, instrument = data()
    mine = completions[completions["model_id"] == "small"]
    out = run(
        judgements[judgements["completion_id"].isin(mine["completion_id"])],
        mine,
        instrument,
        facts=FACTS,
        settings=quick(),
    )
    assert out["comparisons"]["estimate"].isna().all()
    assert out["comparisons"]["verdict"].str.contains("one model alone, small").all()
    assert set(out["scores"]["model_id"]) == {"small"}


def test_nothing_applicable_gives_rows_without_numbers() -> None:
    judgements, completions, instrument = data()
    judgements = judgements.assign(applicable=False, score=pd.NA)
    out = run(frame("judgements", judgements), completions, instrument, facts=FACTS, settings=quick())
    assert out["scores"]["mean"].isna().all()
    assert (out["scores"]["n"] == 0).all()
    assert (out["scores"]["applicable_share"] == 0).all()
    assert len(out["comparisons"]) == 0


def test_judges_are_averaged_and_their_agreement_reported() -> None:
    judgements, completions, instrument = data()
    second = judgements.assign(judge_id="k", score=(judgements["score"] + 0.1).clip(upper=6))
    both = frame("judgements", pd.concat([judgements, second], ignore_index=True))
    out = run(both, completions, instrument, facts=FACTS, settings=quick())
    assert out["reliability"]["judges"]["icc_2_1"] > 0.9
    assert out["scores"]["n"].iloc[0] > 0
    alone = made()["reliability"]
    assert alone["judges"]["icc_2_1"] is None
    assert "One judge" in alone["judges"]["reason"]
    assert all(scale["alpha"] is None and scale["reason"] for scale in alone["scales"].values())


def test_models_that_the_registry_lacks_have_no_covariates() -> None:
    judgements, completions, instrument = data()
    out = run(judgements, completions, instrument, facts=FACTS.iloc[:0], settings=quick())
    assert out["comparisons"]["estimate"].isna().all()
    assert set(out["comparisons"]["verdict"]) == {
        "refused: no model's parameters is known",
        "refused: no model's training is known",
    }
    assert len(out["scores"]) > 0


def test_a_stem_that_one_model_left_out_still_counts_for_the_others() -> None:
    judgements, completions, instrument = data()
    third = completions[completions["model_id"] == "large"].assign(model_id="third", respondent_id="third")
    third["completion_id"] = "third-" + third["completion_id"]
    theirs = judgements[judgements["completion_id"].str.startswith("large")].copy()
    theirs["completion_id"] = "third-" + theirs["completion_id"]
    theirs.loc[~theirs["completion_id"].str.contains("-0-"), ["score", "applicable"]] = [pd.NA, False]
    facts = pd.concat([FACTS, pd.DataFrame({"parameters": [1e10], "training": ["aligned"]}, index=["third"])])
    out = run(
        frame("judgements", pd.concat([judgements, theirs], ignore_index=True)),
        frame("completions", pd.concat([completions, third], ignore_index=True)),
        instrument,
        facts=facts,
        settings=quick(contrasts=["training"]),
    )["comparisons"]
    assert these(out)["method"].str.contains("mixed model over 12 stems").all()
    assert these(out)["estimate"].notna().all()


def test_judgements_of_unknown_completions_are_refused() -> None:
    judgements, completions, instrument = data()
    judgements.loc[0, "completion_id"] = "typo"
    with pytest.raises(DataError, match="such as 'typo'"):
        run(judgements, completions, instrument, facts=FACTS, settings=quick())
