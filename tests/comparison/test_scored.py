"""Scores with their sources of error: closed forms, what changes nothing, and tables that cannot be right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from valuelex.comparison import ComparisonSettings, read_scores, run
from valuelex.comparison.composition import composition
from valuelex.comparison.ranks import ranks
from valuelex.comparison.simulation import Design, simulate
from valuelex.comparison.squares import distinct_p, distinctness, form_variance, profile_variance
from valuelex.comparison.traits import sample_variance
from valuelex.errors import DataError
from valuelex.tables import frame

WIDE = (-100.0, 100.0)
SETTINGS = ComparisonSettings(scale=WIDE, bootstrap=199)


def given_scores(rows: list[tuple[str, str, float]], se: float | None = None) -> pd.DataFrame:
    names = ("model_id", "dimension", "score")
    blank = dict.fromkeys(("item_id", "valence", "form"))
    fixed = {"sample_index": 0, "judge_id": "judge", "level": "dimension", "se": se, **blank}
    return frame("item_scores", [dict(zip(names, row, strict=True)) | fixed for row in rows])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(-3, 3))
def test_a_halo_moves_levels_and_no_profile(seed: int, shift: float) -> None:
    table, _ = simulate(Design(families=3, models=(1, 2), stems=5, samples=1, judges=1), seed)
    raised = table.assign(
        score=table["score"].astype(float) + shift * (table["model_id"] == "model 01").to_numpy(dtype=float)
    )
    one, two = (read_scores(t, scale=WIDE) for t in (table, raised))
    assert two.estimate.loc["model 01"].to_numpy() == pytest.approx(
        one.estimate.loc["model 01"].to_numpy() + shift, abs=1e-6
    )
    assert two.ipsatised().estimate.to_numpy() == pytest.approx(one.ipsatised().estimate.to_numpy(), abs=1e-6)
    assert two.ipsatised().sources == pytest.approx(one.ipsatised().sources, abs=1e-6)


def test_profiles_have_the_error_of_differences_within_a_completion() -> None:
    """What a completion has in common on all dimensions is no error of its profile."""
    design = Design(
        families=3, models=(2, 2), dimensions=2, stems=30, samples=1, judges=1, stem=0.0, model_stem=0.0, residual=0.0
    )
    table, _ = simulate(design, 3)
    scored = read_scores(table, scale=WIDE)
    weights = np.zeros(scored.estimate.shape)
    weights[0] = [1.0, -1.0]
    wide = (
        table[table["model_id"] == "model 01"].pivot(index="item_id", columns="dimension", values="score").astype(float)
    )
    gap = wide.iloc[:, 0] - wide.iloc[:, 1]
    se, df = scored.error(weights)
    assert se == pytest.approx(gap.std(ddof=1) / np.sqrt(30), rel=1e-3)
    assert df == 29


def test_sampled_judges_make_wider_errors_with_fewer_degrees_of_freedom() -> None:
    table, _ = simulate(Design(families=4, models=(2, 2), judges=3, model_judge=0.5), 6)
    fixed, sampled = (read_scores(table, scale=WIDE, sampled_judges=s) for s in (False, True))
    weights = np.zeros(fixed.estimate.shape)
    weights[:2, 0] = 1.0, -1.0
    (few, few_df), (more, more_df) = fixed.error(weights), sampled.error(weights)
    assert more > 1.2 * few
    assert few_df == 23
    assert more_df < 60


def test_given_errors_are_used_and_unknown_ones_said() -> None:
    rows = [(m, d, v) for m, v in (("a", 1.0), ("b", 2.0)) for d in ("x", "y")]
    known = read_scores(given_scores(rows, se=0.3), scale=(0, 6))
    weights = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert known.error(weights) == (pytest.approx(0.3 * np.sqrt(2)), float("inf"))
    unknown = read_scores(given_scores(rows), scale=(0, 6))
    assert not unknown.error_known
    assert set(unknown.methods.values()) == {"given scores, errors unknown"}


def test_errors_known_of_some_scores_alone_are_not_used() -> None:
    """A score whose error is not known would else look exact."""
    table = given_scores([(m, d, v) for m, v in (("a", 1.0), ("b", 2.0)) for d in ("x", "y")], se=0.3)
    table.loc[(table["model_id"] == "b") & (table["dimension"] == "x"), "se"] = None
    scored = read_scores(table, scale=(0, 6))
    assert scored.unknown == {"x"}
    assert not scored.sources[:, :, 0].any()
    assert scored.methods["x"] == "given scores, errors unknown of some, so that none is used"
    assert scored.ipsatised().unknown == {"x", "y"}
    places = ranks(scored, SETTINGS).set_index(["dimension", "model_id"])
    assert places.loc["x", "ci_low"].isna().all()
    assert places.loc["y", "ci_low"].notna().all()


def test_a_model_of_one_stem_has_the_models_error_on_the_degrees_of_freedom_of_all_stems() -> None:
    table, _ = simulate(Design(families=4, models=(1, 1), dimensions=1, stems=12, samples=1, judges=1), 1)
    few = table[(table["model_id"] != "model 01") | (table["item_id"] == table["item_id"].iloc[0])]
    se, df = read_scores(few, scale=WIDE).error(np.array([[1.0], [-1.0], [0.0], [0.0]]))
    assert se > 0.3
    assert df <= 13


def test_rows_that_repeat_one_another_and_scores_that_are_none_are_refused() -> None:
    table, _ = simulate(Design(families=3, models=(1, 1), dimensions=1, stems=4, samples=1, judges=1), 1)
    with pytest.raises(DataError, match="12 rows repeat the model, item, sample"):
        read_scores(pd.concat([table, table.assign(score=1.0)]), scale=WIDE)
    with pytest.raises(DataError, match="the score 'high' is no number"):
        read_scores(table.astype({"score": object}).assign(score=["high", *[1.0] * 11]), scale=WIDE)


def test_copies_of_one_model_are_tied() -> None:
    table, _ = simulate(Design(families=4, models=(1, 1), dimensions=1, stems=10, samples=1, judges=1), 2)
    copies = [table[table["model_id"] == "model 01"].assign(model_id=f"copy {k}") for k in range(3)]
    found = ranks(read_scores(pd.concat([table, *copies]), scale=WIDE), SETTINGS).query("dimension == 'dimension001'")
    same = found[found["model_id"].isin(["model 01", "copy 0", "copy 1", "copy 2"])]
    assert same["rank_low"].nunique() == same["rank_high"].nunique() == 1
    assert all("copy 0" in str(row["tied"]) for row in same.to_dict("records") if row["model_id"] != "copy 0")


def test_scores_that_are_all_the_same_have_no_known_error() -> None:
    """A judge who always says 3 tells of no difference, and not that there is none."""
    table, facts = simulate(Design(families=4, models=(2, 2), dimensions=2, stems=6, samples=1, judges=1), 1)
    settings_ = ComparisonSettings(scale=WIDE, bootstrap=99, power_draws=0, claims=None)
    found = run(table.assign(score=3.0), facts=facts, settings=settings_, seed=1)
    contrasts = found["comparisons"]
    assert contrasts["p"].isna().all()
    assert (
        contrasts.query("scope == 'these models'")["verdict"] == "no interval: the scores have no known errors"
    ).all()
    like = contrasts.query("scope == 'models like these' and measure == 'level'")
    assert set(like["verdict"]) == {"refused: all models have the same score"}
    assert found["ranks"]["se"].isna().all()


def test_intervals_hold_the_truth_where_half_of_the_cells_are_missing() -> None:
    """Each model has its own stems, some of them few: their error is their own."""
    held = []
    for seed in range(120):
        design = Design(
            families=5, models=(1, 1), dimensions=1, stems=24, samples=1, judges=1, family=0.0, model=0.0, halo=0.0
        )
        table, _ = simulate(design, seed)
        rng = np.random.default_rng(seed)
        cells = table[["model_id", "item_id"]].drop_duplicates()
        missing = cells["model_id"].map({m: rng.uniform(0.3, 0.8) for m in sorted(set(cells["model_id"]))})
        kept = table.merge(cells[rng.random(len(cells)) > missing.to_numpy(dtype=float)])
        if kept.groupby("model_id")["item_id"].nunique().reindex(sorted(set(cells["model_id"]))).fillna(0).min() < 3:
            continue
        scored = read_scores(kept, scale=WIDE)
        for other in range(1, 5):
            weights = np.zeros((5, 1))
            weights[[0, other], 0] = 1.0, -1.0
            se, df = scored.error(weights)
            held.append(abs(scored.value(0, 0) - scored.value(other, 0)) <= stats.t.ppf(0.975, df) * se)
    assert len(held) > 300
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)


def test_dimensions_can_be_means_of_finer_scales() -> None:
    rows = [(m, d, v + k) for m, v in (("a", 1.0), ("b", 2.0)) for k, d in enumerate("xyz")]
    scored = read_scores(given_scores(rows, se=0.2), scale=(0, 6))
    grouped = scored.grouped({"both": ["x", "y"], "last": ["z"]})
    assert grouped.estimate.loc["a"].tolist() == [1.5, 3.0]
    assert grouped.error(np.array([[1.0, 0.0], [0.0, 0.0]]))[0] == pytest.approx(0.2 / np.sqrt(2))
    with pytest.raises(DataError, match="names w, which the scores lack"):
        scored.grouped({"both": ["x", "w"]})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "x", 7.0), ("b", "x", 1.0)], "1 of 2 scores lie outside 0 to 6, such as 7 of a on x"),
        ([], "no scores to compare"),
    ],
)
def test_scores_that_cannot_be_are_refused(rows: list, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_scores(given_scores(rows), scale=(0, 6))


def test_items_for_some_scores_alone_are_refused() -> None:
    table = given_scores([("a", "x", 1.0), ("b", "x", 2.0)])
    table.loc[0, "item_id"] = "i1"
    with pytest.raises(DataError, match="not all with an item"):
        read_scores(table, scale=(0, 6))


def test_ranks_hold_the_truth_and_equal_models_are_tied() -> None:
    """Forty models that are all equal: with the confidence asked for nobody is told apart from anybody."""
    apart = 0
    for seed in range(20):
        table, _ = simulate(
            Design(
                families=5, models=(2, 2), dimensions=1, stems=12, samples=1, judges=1, family=0.0, model=0.0, halo=0.0
            ),
            seed,
        )
        found = ranks(read_scores(table, scale=WIDE), SETTINGS, seed=seed)
        apart += int((found[found["dimension"] != "total"]["rank_low"] > 1).any())
        assert (found["rank_low"] <= found["rank"]).all()
        assert (found["rank"] <= found["rank_high"]).all()
    assert apart <= 4


def test_the_total_is_weighted_as_asked() -> None:
    rows = [(m, d, v + k) for m, v in (("a", 1.0), ("b", 2.0)) for k, d in enumerate("xy")]
    settings_ = ComparisonSettings(weights={"x": 3, "y": 1})
    found = ranks(read_scores(given_scores(rows), scale=(0, 6)), settings_).query("dimension == 'total'")
    assert found.set_index("model_id")["score"].to_dict() == {"b": pytest.approx(2.25), "a": pytest.approx(1.25)}
    with pytest.raises(DataError, match="weights names z"):
        ranks(read_scores(given_scores(rows), scale=(0, 6)), ComparisonSettings(weights={"z": 1}))


def test_distances_of_equal_profiles_are_about_zero_and_intervals_hold_the_truth() -> None:
    held = []
    for seed in range(30):
        design = Design(families=3, models=(1, 1), dimensions=4, stems=30, samples=1, judges=1, family=0.0, model=0.0)
        table, facts = simulate(design, seed)
        moved = table["dimension"].isin(["dimension001"]) & (table["model_id"] == "model 01")
        table = table.assign(score=table["score"].astype(float) + 0.8 * moved.to_numpy(dtype=float))
        tables, _ = composition(read_scores(table, scale=WIDE), facts["family"], SETTINGS, seed=seed)
        pairs = tables["profile_pairs"].set_index(["model_id", "other_id"])
        # A profile of (.6, -.2, -.2, -.2) beside a flat one: root mean square .8 * sqrt(3) / 4.
        row = pairs.loc[("model 01", "model 02")]
        held.append(row["ci_low"] <= 0.8 * np.sqrt(3) / 4 <= row["ci_high"])
        assert pairs.loc[("model 02", "model 03"), "distance"] < 0.3
    assert np.mean(held) > 0.8


def test_families_that_share_a_profile_are_found_and_those_that_do_not_are_not() -> None:
    for family, model, close in ((0.6, 0.1, True), (0.0, 0.6, False)):
        table, facts = simulate(Design(families=6, models=(4, 4), samples=1, judges=1, family=family, model=model), 2)
        _, document = composition(read_scores(table, scale=WIDE), facts["family"], SETTINGS, seed=1)
        assert (document["families"]["p"] < 0.05) == close
        assert document["halo"]["eigenvalues"][0] > 1


def test_profile_variance_is_unbiased_and_sample_variance_is_what_was_put_in() -> None:
    spread, steadiness = [], []
    for seed in range(25):
        design = Design(
            families=6, models=(2, 2), stems=12, samples=2, judges=1, family=0.0, model=0.4, sample=0.6, residual=0.3
        )
        table, _ = simulate(design, seed)
        trait = profile_variance(read_scores(table, scale=WIDE))
        steady = sample_variance(table)
        assert trait is not None
        assert steady is not None
        spread.append(trait.estimate.to_numpy().mean())
        steadiness.append(steady.estimate.to_numpy().mean())
    # Stems that are easy on one dimension give every model the same part of a profile: 2/3 of .8^2 / 12 is error, taken off.
    assert np.mean(spread) == pytest.approx(0.4**2 * 2 / 3, abs=0.03)
    assert np.mean(steadiness) == pytest.approx(0.6**2 + 0.3**2, rel=0.05)


def test_a_squared_distance_of_none_has_the_error_that_it_varies_with() -> None:
    """Six equal models: the standard error is about the standard deviation over studies."""
    values, errors = [], []
    for seed in range(60):
        design = Design(families=3, models=(2, 2), dimensions=4, stems=20, samples=1, judges=1, family=0.0, model=0.0)
        found = distinctness(read_scores(simulate(design, seed)[0], scale=WIDE))
        assert found is not None
        values.append(found.estimate.iloc[:, 0].to_numpy())
        errors.append([found.interval(place, 0, 0.95)[0] for place in range(6)])
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(values), rel=0.35)


def test_a_profile_like_all_others_is_called_distinct_as_often_as_it_should_be() -> None:
    """Six equal models: one in twenty tests rejects. One that stands out does so."""
    p, out = [], []
    for seed in range(40):
        design = Design(families=3, models=(2, 2), dimensions=4, stems=20, samples=1, judges=1, family=0.0, model=0.0)
        table, _ = simulate(design, seed)
        p += distinct_p(read_scores(table, scale=WIDE)).values()
        moved = (table["dimension"] == "dimension001") & (table["model_id"] == "model 01")
        raised = table.assign(score=table["score"].astype(float) + 1.5 * moved.to_numpy(dtype=float))
        out.append(distinct_p(read_scores(raised, scale=WIDE))["model 01"])
    assert np.mean(np.array(p) < 0.05) < 0.1
    assert np.mean(np.array(out) < 0.05) > 0.9


def test_what_changes_from_form_to_form_is_found_and_what_forms_do_to_all_is_not() -> None:
    steady, moved = [], []
    for seed in range(12):
        design = Design(families=4, models=(2, 2), dimensions=2, stems=24, samples=1, judges=1)
        table, _ = simulate(design, seed)
        second = table["item_id"].str[-1].astype(int) % 2 == 1
        forms = table.assign(
            form=np.where(second, "B", "A"), score=table["score"].astype(float) + 2.0 * second.to_numpy(dtype=float)
        )
        rng = np.random.default_rng(seed)
        shift = {m: rng.normal(0, 0.8) for m in sorted(set(table["model_id"]))}
        own = forms["score"] + forms["model_id"].map(shift).astype(float) * second.to_numpy(dtype=float)
        for into, one in ((steady, forms), (moved, forms.assign(score=own))):
            found = form_variance(one)
            assert found is not None
            into.append(found.estimate.to_numpy().mean())
    assert np.mean(steady) == pytest.approx(0.0, abs=0.02)
    assert np.mean(moved) == pytest.approx(0.8**2 / 2 * 7 / 8, rel=0.3)
    assert form_variance(table) is None
