"""The dossier against simulated judges whose errors are known, against other engines, and where nothing can be known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.projective.judging.dossier.simulated import SCALES, FakeJudge, simulate
from valuelex import psychometrics as pm
from valuelex.projective import judge_dossier
from valuelex.projective.judging.dossier.cells import alpha_interval, slope

FAMILIES = {m: m[0] for m in ("a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2")}
CAST = {
    "fair": FakeJudge(),
    "strict": FakeJudge(severity=0.6, length=0.2),
    "kin": FakeJudge(severity=-0.3, own=0.5, family="a", place=-0.15),
    "glow": FakeJudge(halo=0.7),
}


@pytest.fixture(scope="module")
def dossiers() -> list[dict]:
    made = []
    for seed in range(3):
        judgements, completions, repeats = simulate(CAST, seed=seed, again=True)
        made.append(
            judge_dossier(
                judgements,
                completions,
                repeats=repeats,
                judge_families={"kin": "a", "fair": "z"},
                model_families=FAMILIES,
                draws=300,
                seed=seed,
            )
        )
    return made


def effect(dossiers: list[dict], judge: str, name: str, dimension: str = "all") -> pd.DataFrame:
    rows = [
        d["judge_effects"].set_index(["judge_id", "effect", "dimension"]).loc[(judge, name, dimension)]
        for d in dossiers
    ]
    return pd.DataFrame(rows)[["estimate", "se", "ci_low", "ci_high"]].apply(pd.to_numeric, errors="coerce")


# The mean of the judges lies .075 below the truth, and the own family's .5 is given to 2 of 8 models: .125 in all.
LEVEL = (0.6 - 0.3 - 0.125) / 4


@pytest.mark.parametrize("scale", ["all", *SCALES])
@pytest.mark.parametrize(("judge", "true"), [("fair", -LEVEL), ("strict", 0.6 - LEVEL), ("kin", -0.425 - LEVEL)])
def test_severity_is_found(dossiers, judge, true, scale):
    found = effect(dossiers, judge, "severity", scale)
    assert found["estimate"].mean() == pytest.approx(true, abs=0.09)
    assert ((found["ci_low"] < true + 0.1) & (found["ci_high"] > true - 0.1)).all()


def test_halo_is_found_in_the_judge_that_has_it(dossiers):
    # Within a scale: models .25, stems .16, completions .25, noise .16, and halo .49; common to a completion are stem and halo.
    plain, common = 0.25 + 0.16 + 0.25 + 0.16, 0.16
    assert effect(dossiers, "fair", "halo")["estimate"].mean() == pytest.approx(common / plain, abs=0.09)
    share = (common + 0.49) / (plain + 0.49)
    assert effect(dossiers, "glow", "halo")["estimate"].mean() == pytest.approx(share, abs=0.09)
    apart = effect(dossiers, "glow", "halo_difference")
    assert (apart["ci_low"] > 0.1).all()
    assert (effect(dossiers, "fair", "halo_difference")["ci_low"] < 0).all()


def test_position_is_found(dossiers):
    found = effect(dossiers, "kin", "position")
    assert found["estimate"].mean() == pytest.approx(-0.15, abs=0.04)
    assert (found["ci_high"] < 0).all()
    assert (effect(dossiers, "fair", "position")["estimate"].abs() < 0.06).all()


def test_length_is_found_and_parted_from_what_all_judges_see(dossiers):
    raw = effect(dossiers, "strict", "length")
    assert raw["estimate"].mean() == pytest.approx(0.2, abs=0.06)
    beyond = effect(dossiers, "strict", "length_beyond")
    assert beyond["estimate"].mean() == pytest.approx(0.2, abs=0.03)
    assert (beyond["ci_low"] > 0.1).all()
    assert effect(dossiers, "fair", "length_beyond")["estimate"].mean() == pytest.approx(-0.2 / 3, abs=0.03)


def test_self_preference_is_found(dossiers):
    found = effect(dossiers, "kin", "self_preference")
    assert found["estimate"].mean() == pytest.approx(0.5, abs=0.07)
    assert (found["ci_low"] > 0.3).all()
    table = dossiers[0]["judge_effects"].set_index(["judge_id", "effect"])
    assert "No judged model" in table.loc[("fair", "self_preference"), "note"]
    assert "It has no family" in table.loc[("strict", "self_preference"), "note"]


def test_a_judge_agrees_with_itself_as_far_as_its_noise_allows(dossiers):
    rows = [
        d["judge_agreement"].query("judge_a == 'fair' and kind == 'repeat' and dimension == 'all'") for d in dossiers
    ]
    r = pd.concat(rows)["r"].astype(float)
    true = 0.25 + 0.16 + 0.25
    assert r.mean() == pytest.approx(true / (true + 0.16), abs=0.05)


def test_correlations_without_noise_are_nearer_to_one(dossiers):
    table = dossiers[0]["judge_agreement"].query("kind == 'judges' and dimension == 'all'")
    pair = table.set_index(["judge_a", "judge_b"]).loc[("fair", "glow")]
    own = dossiers[0]["judge_agreement"].query("kind == 'repeat' and dimension == 'all'").set_index("judge_a")["r"]
    assert pair["r_corrected"] == pytest.approx(pair["r"] / np.sqrt(own["fair"] * own["glow"]))
    assert pair["r_corrected"] > pair["r"]


def test_agreement_is_that_of_other_engines():
    judgements, completions, _ = simulate({"x": FakeJudge(), "y": FakeJudge(severity=0.5, not_applicable=0.2)}, stems=8)
    table = judge_dossier(judgements, completions, draws=50)["judge_agreement"].set_index("dimension")
    wide = judgements[judgements["dimension"] == "Social"].pivot(
        index="completion_id", columns="judge_id", values="score"
    )
    wide = wide.astype(float)
    row = table.loc["Social"]
    icc = pm.icc(wide.dropna()).frame
    assert row["icc_2_1"] == pytest.approx(icc.loc["ICC2", "icc"]) and row["icc_3_1"] == pytest.approx(
        icc.loc["ICC3", "icc"]
    )
    assert row["alpha"] == pytest.approx(pm.krippendorff_alpha(wide, n_boot=0).alpha)
    whole = np.floor(wide.dropna() + 0.5)
    assert row["kappa"] == pytest.approx(pm.cohen_kappa(whole, weights="quadratic", categories=range(7)).kappa)
    assert row["alpha_ordinal"] == pytest.approx(pm.krippendorff_alpha(np.floor(wide + 0.5), "ordinal", n_boot=0).alpha)
    assert row["n"] == len(wide.dropna()) and row["n_both"] == len(wide)
    assert row["same_applicable"] == pytest.approx(wide["y"].notna().mean())
    assert row["difference"] == pytest.approx((wide["y"] - wide["x"]).mean())
    assert row["alpha_low"] < row["alpha"] < row["alpha_high"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(*[st.one_of(st.just(float("nan")), st.integers(0, 6).map(float))] * 3), min_size=4, max_size=30)
)
def test_the_closed_form_of_alpha_is_krippendorffs(rows):
    values = np.array(rows)
    pairable = values[np.isfinite(values).sum(axis=1) > 1]
    if len(pairable) < 2 or np.nanmax(pairable) == np.nanmin(pairable):
        return
    assert alpha_interval(values)[0] == pytest.approx(pm.krippendorff_alpha(values, n_boot=0).alpha, abs=1e-9)


def test_the_slope_is_that_of_statsmodels():
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(4)
    table = pd.DataFrame({"x": rng.normal(size=200), "s": np.repeat(list("abcd"), 50), "g": np.tile(np.arange(40), 5)})
    table["y"] = 0.3 * table["x"] + table["s"].map({"a": 0, "b": 1, "c": 2, "d": 5}) + rng.normal(size=200)
    mine = slope(table["y"].to_numpy(), table["x"].to_numpy(), table["s"], table["g"], 0.95)
    fit = smf.ols("y ~ x + C(s)", table).fit(cov_type="cluster", cov_kwds={"groups": table["g"]})
    assert mine["estimate"] == pytest.approx(fit.params["x"])
    assert mine["se"] == pytest.approx(fit.bse["x"], rel=0.01)


def test_leaving_out_a_judge_with_a_grudge_changes_the_order():
    cast = {"x": FakeJudge(noise=0.2), "y": FakeJudge(noise=0.2), "kin": FakeJudge(own=3.0, family="a", noise=0.2)}
    judgements, completions, _ = simulate(cast, seed=2)
    table = judge_dossier(judgements, completions, draws=20)["judge_left_out"].set_index(["judge_id", "dimension"])
    for scale in SCALES:
        assert table.loc[("kin", scale), "largest_change"] > 4 * table.loc[("x", scale), "largest_change"] - 1
        assert table.loc[("kin", scale), "model_id"] in ("a1", "a2")
        assert table.loc[("kin", scale), "n_pairs"] == 28
    assert table.loc["kin", "flipped"].sum() > 0 and table.loc["kin", "reversed"].sum() > 0
    assert table.loc["kin", "which"].dropna().str.contains("without it").all()
    assert (table["spearman"] <= 1).all() and table.loc["kin", "spearman"].mean() < 0.95


def test_people_are_one_side_too():
    cast = {"embedded": FakeJudge(noise=0.8), "human:R1": FakeJudge(), "human:R2": FakeJudge()}
    judgements, completions, _ = simulate(cast, stems=8)
    judgements.loc[judgements["judge_id"] != "human:R2", "position"] = None
    few = judgements["completion_id"].str.contains("-[0-4]-") | (judgements["judge_id"] == "embedded")
    found = judge_dossier(judgements[few], completions, draws=50)
    table = found["judge_agreement"].query("dimension == 'all'").set_index(["judge_a", "judge_b"])
    mean = table.loc[("embedded", "people")]
    assert mean["kind"] == "human" and mean["n"] == 8 * 5 * 2 * 4
    assert mean["r_corrected"] > mean["r"], "the reliability of two people is known"
    alone = table.loc[("embedded", "human:R1")]
    assert pd.isna(alone["r_corrected"]) and "reliability of a judge is not known" in alone["note"]
    assert mean["r"] > alone["r"]
    assert not any("No person" in said for said in found["unknown"])


def test_one_judge_alone():
    judgements, completions, _ = simulate({"x": FakeJudge()}, stems=6)
    found = judge_dossier(judgements, completions, draws=20)
    assert found["judge_agreement"].empty and found["judge_left_out"].empty
    table = found["judge_effects"].set_index("effect")
    for name in ("severity", "halo_difference", "length_beyond"):
        assert pd.isna(table.loc[name, "estimate"]) and "One judge alone" in table.loc[name, "note"]
    assert pd.notna(table.loc["halo", "estimate"])
    assert len(found["unknown"]) == 4


@pytest.mark.parametrize("case", ["nothing", "constant", "few", "none applicable"])
def test_what_cannot_be_computed_says_why(case):
    judgements, completions, _ = simulate({"x": FakeJudge(), "y": FakeJudge()}, models=("a1", "b1"), stems=4, samples=1)
    if case == "nothing":
        judgements = judgements.iloc[:0]
    if case == "constant":
        judgements["score"] = 3.0
    if case == "few":
        judgements = judgements[judgements["completion_id"] == "a1-0-0"]
    if case == "none applicable":
        judgements["score"], judgements["applicable"] = pd.NA, False
    found = judge_dossier(judgements, completions, draws=20)
    pairs, effects = found["judge_agreement"], found["judge_effects"]
    assert pairs.empty == (case == "nothing")
    assert pairs[["icc_2_1", "kappa", "alpha", "r"]].isna().all(axis=None)
    assert pairs["note"].notna().all()
    assert effects.loc[effects["estimate"].isna(), "note"].notna().all()


def test_the_same_seed_gives_the_same_tables():
    judgements, completions, _ = simulate({"x": FakeJudge(), "y": FakeJudge()}, stems=6)
    one, two, other = (judge_dossier(judgements, completions, draws=30, seed=s) for s in (1, 1, 2))
    for name in ("judge_agreement", "judge_effects", "judge_left_out"):
        pd.testing.assert_frame_equal(one[name], two[name])
    assert not one["judge_agreement"]["alpha_low"].equals(other["judge_agreement"]["alpha_low"])


def test_what_could_not_be_read_is_no_judgement():
    judgements, completions, _ = simulate({"x": FakeJudge(), "y": FakeJudge()}, stems=6)
    lost = judgements["judge_id"].eq("y") & judgements["dimension"].eq("Social")
    judgements.loc[lost, ["score", "applicable", "rationale"]] = [None, False, "unparsable: no JSON object"]
    table = judge_dossier(judgements, completions, draws=10)["judge_agreement"].set_index("dimension")
    assert table.loc["Social", "n_both"] == 0 and table.loc["Ethical", "n_both"] > 0
