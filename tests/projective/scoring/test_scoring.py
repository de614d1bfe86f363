"""The step `score` on made-up tests whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.projective.scoring.made_up import SCALES, study
from valuelex import psychometrics as pm
from valuelex.errors import DataError
from valuelex.projective import ScoringSettings, score
from valuelex.projective.scoring.generalizability import g_studies
from valuelex.projective.scoring.multitrait import WORDS, places, word_shares
from valuelex.projective.scoring.ratings import judge_scores
from valuelex.projective.scoring.reliability import _alpha, _omega
from valuelex.tables import frame

QUICK = ScoringSettings(bootstrap=60)


@pytest.fixture(scope="module")
def made() -> tuple[dict, pd.DataFrame]:
    judgements, completions, instrument, truth = study()
    return dict(score(judgements, completions, instrument, QUICK, seed=3)), truth


def test_adjusted_scores_find_the_truth(made: tuple[dict, pd.DataFrame]) -> None:
    out, truth = made
    upper = out["scores"][out["scores"]["level"] == "dimension"]
    for dimension in ("Moral", "Kind"):
        mine = upper[upper["dimension"] == dimension].set_index("model_id").loc[truth.index]
        assert np.corrcoef(mine["adjusted"].astype(float), truth[dimension])[0, 1] > 0.95
        assert (mine["adjusted_low"] < mine["adjusted"]).all()
        assert mine["predicted"].var() < mine["adjusted"].var()
        inside = (mine["adjusted_low"] - 0.15 <= truth[dimension]) & (truth[dimension] <= mine["adjusted_high"] + 0.15)
        assert inside.mean() > 0.7, "judges' mean severity is .15 below the truth"


def test_judges_and_valences_are_taken_out(made: tuple[dict, pd.DataFrame]) -> None:
    effects = made[0]["score_effects"]
    mine = effects[(effects["dimension"] == "Kind") & (effects["level"] == "dimension")].set_index(["source", "name"])
    assert mine.loc[("judge", "j0"), "estimate"] - mine.loc[("judge", "j1"), "estimate"] == pytest.approx(0.3, abs=0.05)
    assert mine.loc[("valence", "positive"), "estimate"] == pytest.approx(0.5, abs=0.35)


def test_the_plain_mean_has_valences_as_strata(made: tuple[dict, pd.DataFrame]) -> None:
    out, _ = made
    row = out["scores"].iloc[0]
    own = out["completion_scores"]
    own = own[
        (own["model_id"] == row["model_id"]) & (own["level"] == "dimension") & (own["dimension"] == row["dimension"])
    ]
    means = own.assign(score=own["score"].astype(float)).groupby("item_id")["score"].mean().dropna()
    strata = [int(i[1:]) // 4 % 2 for i in means.index]
    want = pm.mean_interval(means, strata)
    assert (row["mean"], row["ci_low"], row["ci_high"]) == pytest.approx((want.mean, want.ci_low, want.ci_high))
    assert row["se"] < means.std() / len(means) ** 0.5, "what lies between valences is no error"


@pytest.mark.parametrize(("rule", "want"), [("leave_out", None), ("zero", 0.0), ("indifferent", 3.0)])
def test_not_applicable_counts_as_declared(rule: str, want: float | None) -> None:
    judgements, completions, instrument, _ = study(models=3, stems=8, judges=1, missing=0.3)
    refused = completions["completion_id"].iloc[0]
    completions.loc[0, "status"] = "refused"
    unread = completions["completion_id"].iloc[1]
    judgements.loc[judgements["completion_id"] == unread, ["score", "applicable", "rationale"]] = [
        pd.NA,
        False,
        "unparsable: x",
    ]
    out = score(judgements, completions, instrument, ScoringSettings(bootstrap=0, not_applicable=rule))
    scored = out["completion_scores"]
    assert isinstance(scored, pd.DataFrame)
    nobody = scored["completion_id"].isin([refused, unread])
    assert scored.loc[scored["completion_id"] == unread, "score"].isna().all(), "nobody judged it"
    silent = scored[(scored["applicable"] == 0) & ~nobody]
    assert len(silent)
    if want is None:
        assert silent["score"].isna().all()
    else:
        assert (silent["score"] == want).all()


def test_with_two_models_every_null_says_why() -> None:
    judgements, completions, instrument, _ = study(models=2, stems=8, judges=1)
    out = score(judgements, completions, instrument, QUICK)
    document = out["reliability"]
    for scale in document["scales"].values():
        assert scale["alpha"] is None and scale["reason"]
        for part in ("omega", "forms", "retest", "generalizability", "short_form"):
            if part in scale:
                assert scale[part]["reason"]
        assert scale["generalizability"]["generalizability"] is None
    assert document["structure"]["first_eigenvalue_share"] is None
    assert document["multitrait"]["forms"]["convergent"] is None and document["multitrait"]["forms"]["reason"]
    assert out["items"]["item_rest_r"].isna().all() and out["items"]["note"].notna().all()
    assert out["g_study"].empty and out["d_study"].empty and out["multitrait"].empty and out["short_form"].empty
    assert out["dimension_pairs"]["r"].isna().all() and out["dimension_pairs"]["note"].notna().all()
    assert out["scores"]["adjusted"].notna().all(), "scores of two models can be adjusted"


def test_one_model_alone_has_its_plain_mean() -> None:
    judgements, completions, instrument, _ = study(models=1, stems=8, judges=1)
    scores = score(judgements, completions, instrument, QUICK)["scores"]
    assert scores["mean"].notna().all() and scores["adjusted"].isna().all()
    assert scores["note"].str.contains("one object alone").all()


def test_two_dimensions_are_more_than_a_halo_and_a_halo_is_not() -> None:
    """Independent truths: correlations with error taken out lie below 1. The same truth twice: none surely does."""
    apart = score(*study(models=30, seed=4)[:3], QUICK)
    together = score(*study(models=30, halo=True, seed=4)[:3], QUICK)
    pairs = apart["dimension_pairs"]
    row = pairs[pairs["level"] == "dimension"].iloc[0]
    assert row["ci_high"] < 1
    assert together["dimension_pairs"].set_index("level").loc["dimension", "r_universe"] == pytest.approx(1, abs=0.03)
    assert "do not rule out that the scales are one halo" in together["reliability"]["structure"]["sentence"]
    assert together["reliability"]["structure"]["first_eigenvalue_share"] > 0.95
    assert apart["reliability"]["structure"]["first_eigenvalue_share"] < 0.75


def test_generalizability_answers_how_many_stems(made: tuple[dict, pd.DataFrame]) -> None:
    out, _ = made
    scale = out["reliability"]["scales"]["Kind"]["generalizability"]
    assert 0.8 < scale["generalizability"] < 1
    table = out["d_study"]
    mine = table[(table["dimension"] == "Kind") & (table["samples"] == 2) & (table["judges"] == 2)].sort_values("stems")
    assert mine["generalizability"].is_monotonic_increasing
    needed = scale["needed"]
    row = table.set_index(["level", "dimension", "stems", "samples", "judges"]).loc[
        ("dimension", "Kind", needed["stems"], needed["samples"], needed["judges"])
    ]
    assert row["generalizability"] >= 0.8
    assert scale["sentence"].startswith("For a generalizability of .80:")


def test_with_one_judge_nothing_is_said_of_more() -> None:
    out = score(*study(judges=1)[:3], QUICK)
    assert set(out["d_study"]["judges"]) == {1}
    assert (
        "Nothing is known of more judges: there was one."
        in out["reliability"]["scales"]["Kind"]["generalizability"]["sentence"]
    )


def test_forms_and_retest_are_those_of_the_definition(made: tuple[dict, pd.DataFrame]) -> None:
    out, _ = made
    forms = out["reliability"]["scales"]["Kind"]["forms"]
    assert forms["spearman_brown"] == pytest.approx(2 * forms["r"] / (1 + forms["r"]))
    assert forms["disattenuated"] == pytest.approx(forms["r"] / (forms["alphas"][0] * forms["alphas"][1]) ** 0.5)
    assert 0.8 < out["reliability"]["scales"]["Kind"]["retest"]["icc_3_1"] < 1


def test_complete_items_give_the_usual_alpha_and_item_statistics() -> None:
    out = score(*study(missing=0.0, judges=1)[:3], QUICK)
    own = out["completion_scores"]
    own = own[(own["level"] == "dimension") & (own["dimension"] == "Kind")].astype({"score": float})
    table = own.pivot(index=["model_id", "sample_index"], columns="item_id", values="score")
    found = pm.alpha(table)
    assert out["reliability"]["scales"]["Kind"]["alpha"] == pytest.approx(found.raw)
    mine = out["items"][(out["items"]["level"] == "dimension") & (out["items"]["dimension"] == "Kind")]
    np.testing.assert_allclose(mine["item_rest_r"].astype(float), found.items["item_rest"], atol=1e-9)
    assert mine.set_index("item_id")["home"].to_dict()["i02"] and not mine.set_index("item_id")["home"].to_dict()["i00"]


def test_words_are_another_method() -> None:
    judgements, completions, instrument, truth = study(models=20, stems=16)
    rng = np.random.default_rng(5)
    rows = []
    for model, row in truth.iterrows():
        p = 1 / (1 + np.exp(-2 * (row["Moral"] - row["Kind"])))
        for k in range(80):
            word = "honesty" if rng.random() < p else "kindness"
            rows.append(
                {"response_id": f"{model}-{k}", "respondent_id": model, "model_id": model, "position": 0, "raw": word,
                 "word": word, "kept": True, "reason": "given"}
            )  # fmt: skip
    words = frame("words", rows)
    crosswalk = frame(
        "crosswalk",
        [
            {"word": w, "system": "own", "category": c, "confidence": 0.9, "source": "hand"}
            for w, c in (("honesty", "Moral"), ("kindness", "Kind"))
        ],
    )
    out = score(judgements, completions, instrument, QUICK, words=words, crosswalk=crosswalk)
    table = out["multitrait"]
    between = table[(table["family"] == "forms") & ((table["method_1"] == WORDS) | (table["method_2"] == WORDS))]
    assert (between[between["kind"] == "convergent"]["r"] > 0.4).all()
    told = out["reliability"]["multitrait"]["forms"]
    assert told["convergent"] > told["discriminant"]
    # Of words and test, not of two forms of the same test.
    assert told["convergent"] == pytest.approx(between[between["kind"] == "convergent"]["r"].mean())
    assert told["exceeds_other_method"]["n"] <= told["exceeds_other_method"]["of"] == 8
    assert set(table["family"]) == {"forms", "judges"}
    assert out["reliability"]["multitrait"].get("words") is None


def test_shares_of_words_by_hand() -> None:
    rows = [
        {"response_id": str(k), "respondent_id": "a", "model_id": "a", "position": 0, "raw": w, "word": w, "kept": kept,
         "reason": ""}
        for k, (w, kept) in enumerate([("x", True), ("x", True), ("y", True), ("z", True), ("x", False)])
    ]  # fmt: skip
    shares = word_shares(frame("words", rows), {"x": "X", "y": "Y"})
    assert shares.loc["a"].to_dict() == {"X": 0.5, "Y": 0.25}
    assert places(None, None, {"X"}) == {}


def test_the_short_form_keeps_valences_and_beats_chance_on_other_samples() -> None:
    """Half of the items of each scale measure nothing: held-out alpha of the chosen is above that of random forms."""
    judgements, completions, instrument, _ = study(models=30, stems=48, samples=3, judges=1, missing=0.0, between=0.5)
    rng = np.random.default_rng(1)
    useless = set(instrument["item_id"][np.arange(48) // 8 % 2 == 0])
    item = judgements["completion_id"].map(completions.set_index("completion_id")["item_id"])
    noise = item.isin(useless).to_numpy()
    judgements.loc[noise, "score"] = rng.uniform(0, 6, noise.sum())
    out = score(judgements, completions, instrument, QUICK)
    table = out["short_form"]
    kept = table[table["kept"]]
    assert kept["item_id"].isin(useless).mean() < 0.2
    for _, part in kept.groupby("dimension"):
        assert part["valence"].value_counts().tolist() == [3, 3]
    for scale in SCALES:
        told = out["reliability"]["scales"][scale]["short_form"]
        assert told["alpha_short"] > told["alpha_random"] + 0.1


def test_judges_as_sampled_widen_the_adjusted_intervals() -> None:
    data = study(models=8, judges=3, missing=0.0)[:3]
    fixed = score(*data, QUICK)["scores"]
    random = score(*data, ScoringSettings(bootstrap=0, judges="random"))["scores"]
    assert (random["adjusted_se"] > fixed["adjusted_se"]).all()
    np.testing.assert_allclose(random["adjusted"].astype(float), fixed["adjusted"].astype(float), atol=1e-6)


def test_the_same_seed_gives_the_same_tables() -> None:
    data = study(models=6, stems=8)[:3]
    one, two = score(*data, QUICK, seed=5), score(*data, QUICK, seed=5)
    for name, table in one.items():
        if isinstance(table, pd.DataFrame):
            pd.testing.assert_frame_equal(table, two[name])
    assert one["reliability"] == two["reliability"]


FIRST = next(iter(SCALES))


def _records(models: int, samples: int) -> pd.MultiIndex:
    return pd.MultiIndex.from_product([range(models), range(samples)], names=["model_id", "sample_index"])


def test_generalizability_is_of_the_scores_that_are_there() -> None:
    """Simulated, 20 models x 24 stems x 2 samples, two thirds gone: the squared correlation of means with the truth."""
    rng = np.random.default_rng(5)
    told, true = [], []
    for _ in range(12):
        model, stem, both = rng.normal(0, 0.316, 20), rng.normal(0, 0.447, 24), rng.normal(0, 0.775, (20, 24))
        rows = [
            {"model": f"m{m:02}", "stem": f"i{k:02}", "sample": s, "judge": "j", "valence": "neutral", "form": "A",
             "level": "dimension", "dimension": "X", "score": 3 + model[m] + stem[k] + both[m, k] + rng.normal(0, 0.632)}
            for m in range(20) for k in range(24) for s in range(2) if rng.random() > 0.65
        ]  # fmt: skip
        data = pd.DataFrame(rows)
        found = g_studies(data, QUICK)[1]["X"]
        assert found["n"]["stems"] == 24 and found["rests_on"]["stems"] < 17
        means = data.groupby(["model", "stem"])["score"].mean().groupby("model").mean()
        told.append(found["generalizability"])
        true.append(np.corrcoef(means, model)[0, 1] ** 2)
        if found["needed"]:
            assert found["needed_stems_written"] > 1.3 * found["needed"]["stems"] and "that apply" in found["sentence"]
    assert np.mean(told) == pytest.approx(np.mean(true), abs=0.1)


def test_scores_that_are_all_the_same_have_no_variance_to_part() -> None:
    judgements, completions, instrument, _ = study(models=6, stems=8, judges=1)
    judgements["score"] = 3.3
    out = score(judgements, completions, instrument, ScoringSettings(bootstrap=0))
    for scale in out["reliability"]["scales"].values():
        assert scale["generalizability"]["generalizability"] is None
        assert "do not vary" in scale["generalizability"]["reason"]


def test_items_against_the_others_are_not_turned_round() -> None:
    rng = np.random.default_rng(2)
    common = rng.normal(size=(400, 1))
    items = pd.DataFrame(
        common + 0.7 * rng.normal(size=(400, 8)), columns=[f"i{n}" for n in range(8)], index=_records(80, 5)
    )
    good = _omega(items)["total"]
    items[["i0", "i1", "i2"]] *= -1
    assert good > 0.9 and _omega(items)["total"] < 0.6


def test_one_model_with_more_samples_does_not_end_the_retest() -> None:
    judgements, completions, instrument, _ = study(models=8, stems=8, judges=1)
    before = score(judgements, completions, instrument, ScoringSettings(bootstrap=0))["reliability"]["scales"]
    more = completions[
        (completions["model_id"] == completions["model_id"].iloc[0]) & (completions["sample_index"] == 0)
    ]
    renamed = dict(zip(more["completion_id"], more["completion_id"] + "+", strict=True))
    third = more.assign(completion_id=list(renamed.values()), sample_index=2)
    said = judgements[judgements["completion_id"].isin(renamed)]
    said = said.assign(completion_id=said["completion_id"].map(renamed))
    out = score(
        pd.concat([judgements, said]), pd.concat([completions, third]), instrument, ScoringSettings(bootstrap=0)
    )
    for name, scale in out["reliability"]["scales"].items():
        assert scale["retest"]["n_models"] == 8 and scale["retest"]["n_samples"] == 2
        assert scale["retest"]["icc_3_1"] == pytest.approx(before[name]["retest"]["icc_3_1"], abs=0.05)


def test_two_scales_are_correlated_over_the_models_that_have_both() -> None:
    judgements, completions, instrument, _ = study(models=8, stems=8, judges=1)
    few = completions["model_id"].isin(completions["model_id"].unique()[:2])
    gone = judgements["completion_id"].isin(completions.loc[~few, "completion_id"]) & judgements["dimension"].eq(FIRST)
    judgements.loc[gone, ["score", "applicable"]] = [pd.NA, False]
    pairs = score(judgements, completions, instrument, ScoringSettings(bootstrap=0))["dimension_pairs"]
    mine = pairs[(pairs["level"] == "subdimension") & (pairs["first"].eq(FIRST) | pairs["second"].eq(FIRST))]
    assert (mine["n_models"] == 2).all() and mine["r"].isna().all() and mine["note"].str.contains("2 of 8").all()


def test_one_stem_says_nothing_of_others() -> None:
    judgements, completions, instrument, _ = study(models=6, stems=8, judges=1)
    completions = completions[completions["item_id"] == completions["item_id"].iloc[0]]
    judgements = judgements[judgements["completion_id"].isin(completions["completion_id"])]
    table = score(judgements, completions, instrument, ScoringSettings(bootstrap=0))["scores"]
    assert table["adjusted"].isna().all() and table["note"].str.contains("one stem").all()


def test_what_nobody_judged_is_not_counted_as_not_applicable() -> None:
    judgements, completions, instrument, _ = study(models=3, stems=8, judges=2)
    before = score(judgements, completions, instrument, ScoringSettings(bootstrap=0))["scores"]
    other = judgements["judge_id"] == "j1"
    judgements.loc[other, ["score", "applicable", "rationale"]] = [pd.NA, False, "unparsable: no JSON object"]
    after = score(judgements, completions, instrument, ScoringSettings(bootstrap=0))["scores"]
    assert after["applicable_share"].mean() == pytest.approx(before["applicable_share"].mean(), abs=0.02)


def test_a_dimension_named_like_one_of_its_scales_is_told_apart() -> None:
    judgements, completions, instrument, _ = study(models=6, stems=8, judges=1)
    parent = instrument.loc[instrument["subdimension"] == FIRST, "dimension"].iloc[0]
    instrument["dimension"] = instrument["dimension"].replace(parent, FIRST)
    scales = score(judgements, completions, instrument, ScoringSettings(bootstrap=0))["reliability"]["scales"]
    assert {FIRST, f"{FIRST} (dimension)"} <= set(scales) and len(scales) == len(SCALES) + 2
    assert scales[FIRST]["level"] == "subdimension"


def test_the_interval_of_alpha_has_models_as_cases() -> None:
    """Simulated: 10 models of 5 samples each; records of one model are alike."""
    rng = np.random.default_rng(8)
    held, alphas = [], []
    for _ in range(150):
        data = rng.normal(size=(10, 1, 1)) + rng.normal(0, 0.4, (10, 5, 1)) + rng.normal(size=(10, 1, 12)) * 0.9
        table = pd.DataFrame((data + 0.5 * rng.normal(size=(10, 5, 12))).reshape(50, 12), index=_records(10, 5))
        found = _alpha(table)
        alphas.append(found["alpha"])
        held.append(found["ci"])
    true = float(np.median(alphas))
    assert np.mean([low <= true <= high for low, high in held]) > 0.88


def test_unknown_completions_are_refused() -> None:
    judgements, completions, instrument, _ = study(models=2, stems=8)
    judgements.loc[0, "completion_id"] = "typo"
    with pytest.raises(DataError, match="such as 'typo'"):
        score(judgements, completions, instrument, QUICK)


def test_items_that_the_instrument_lacks_are_refused() -> None:
    judgements, completions, instrument, _ = study(models=2, stems=8)
    completions.loc[0, "item_id"] = "zzz"
    with pytest.raises(DataError, match="such as 'zzz'"):
        score(judgements, completions, instrument, QUICK)


def test_alpha_of_a_few_of_the_stems_is_not_printed() -> None:
    rng = np.random.default_rng(3)
    items = pd.DataFrame(rng.normal(size=(80, 1)) + rng.normal(size=(80, 12)), index=_records(40, 2))
    assert _alpha(items)["alpha"] > 0.8
    found = _alpha(items.where((rng.random(items.shape) > 0.8) | (np.arange(12) < 3)))
    assert found["alpha"] is None and "3 of 12 stems" in found["reason"]


def test_no_judgement_at_all_gives_empty_tables() -> None:
    judgements, completions, instrument, _ = study(models=2, stems=8)
    out = score(judgements.iloc[:0], completions, instrument, QUICK)
    assert out["scores"].empty and out["completion_scores"].empty and out["reliability"]["scales"] == {}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["leave_out", "zero", "indifferent"]))
def test_a_dimension_is_the_mean_of_its_subdimensions(seed: int, rule: str) -> None:
    judgements, completions, _, _ = study(models=2, stems=4, seed=seed, missing=0.3)
    rated = judge_scores(judgements, completions, SCALES, not_applicable=rule)
    keys = ["completion_id", "judge_id"]
    fine = rated[rated["level"] == "subdimension"]
    want = fine.assign(upper=fine["dimension"].map(SCALES)).groupby([*keys, "upper"])["score"].mean()
    found = rated[rated["level"] == "dimension"].set_index([*keys, "dimension"])["score"]
    np.testing.assert_allclose(found.sort_index(), want.sort_index(), equal_nan=True)
