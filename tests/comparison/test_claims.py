"""Claims put to simulated studies of which the truth is known, and the file that states them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from valuelex.comparison import ComparisonSettings, read_scores
from valuelex.comparison import run as compare
from valuelex.comparison.claims.document import load_claims
from valuelex.comparison.claims.evaluate import _average
from valuelex.comparison.simulation import Design, simulate
from valuelex.errors import BadInput

SETTINGS = ComparisonSettings(scale=(-100.0, 100.0), bootstrap=199, power_draws=0)
ON_SIX = 200 / 6
"""Claims' smallest effects are stretched to the scale: effects of the simulation have to be as well."""

FILE = """
name: mine
claims:
  - {id: A, statement: First one first., estimand: first, dimension: dimension001, smallest_effect: 0.006}
  - {id: B, statement: Tuning raises it., estimand: contrast, dimension: dimension001, covariate: training, low: [pretrained],
     high: [aligned], direction: positive, smallest_effect: 0.006}
  - {id: C, statement: Tuning lowers it., estimand: contrast, dimension: dimension001, covariate: training, low: [pretrained],
     high: [aligned], direction: negative, smallest_effect: 0.006}
  - {id: D, statement: Size does not matter., estimand: contrast, dimension: dimension002, covariate: parameters,
     direction: positive, smallest_effect: 0.03}
  - {id: E, statement: Profiles are flat., estimand: mean, trait: profile_variance, covariate: training, at: [pretrained],
     direction: negative, smallest_effect: 0.0001}
  - {id: F, statement: Families matter., estimand: share, covariate: family, smallest_effect: 0.1}
  - {id: G, statement: Six of them., estimand: structure, dimensions: 3, subdimensions: 6}
  - {id: H, statement: Sanctity fits badly., estimand: applicable, taxonomy: moral-foundations, dimension: Sanctity,
     direction: negative, smallest_effect: 0.1}
"""


def study(tmp_path: Path, design: Design, seed: int = 3, **options: object) -> pd.DataFrame:
    (tmp_path / "claims.yaml").write_text(FILE)
    table, facts = simulate(design, seed)
    settings = SETTINGS.model_copy(update={"claims": "claims.yaml"})
    return compare(table, facts=facts, settings=settings, folder=tmp_path, **options)["claims"].set_index("claim")


def test_claims_come_out_as_the_truth_is(tmp_path: Path) -> None:
    design = Design(
        families=12, models=(3, 5), samples=1, judges=1, family=0.5, model=0.15, halo=0.1, effects={"training": 1.5}
    )
    found = study(tmp_path, design)
    assert found.loc["B", "verdict"] == "supported"
    assert found.loc["B", "estimate"] == pytest.approx(1.5, abs=0.4)
    assert found.loc["C", "verdict"] == "contradicted"
    assert found.loc["D", "verdict"] == "contradicted"  # wholly within the smallest effect, here a whole point
    assert found.loc["F", "verdict"] == "supported"
    assert found.loc["G", "verdict"] == "not testable"
    assert "no taxonomy" in found.loc["G", "reason"]
    assert found.loc["H", "verdict"] == "not testable"


@pytest.mark.parametrize(("spread", "verdict"), [(1.0, "contradicted"), (0.0, "supported")])
def test_a_flat_profile_is_told_from_one_that_is_not(tmp_path: Path, spread: float, verdict: str) -> None:
    """Held against a variance of 0.11 square points; all models share a halo of one point."""
    design = Design(families=12, models=(3, 5), samples=1, judges=1, family=0.0, model=spread, halo=1.0)
    row = study(tmp_path, design).loc["E"]
    assert row["verdict"] == verdict
    assert row["ci_low"] < spread**2 * 2 / 3 < row["ci_high"]


def test_what_cannot_be_told_is_undecided(tmp_path: Path) -> None:
    found = study(tmp_path, Design(families=3, models=(1, 2), stems=6, samples=1, judges=1))
    assert set(found.loc[["B", "C"], "verdict"]) <= {"undecided", "not testable"}
    assert found.loc["A", "verdict"] == "undecided"


def test_a_structure_is_held_against_the_study_s_own(tmp_path: Path) -> None:
    design = Design(families=3, models=(1, 2), stems=6, samples=1, judges=1)
    six = {"interpretable": True, "dimensions": [{"name": n, "subdimensions": [{}, {}]} for n in "abc"]}
    assert study(tmp_path, design, taxonomy=six).loc["G", "verdict"] == "supported"
    two = {"interpretable": True, "dimensions": [{"name": n, "subdimensions": [{}, {}]} for n in "ab"]}
    assert study(tmp_path, design, taxonomy=two).loc["G", "verdict"] == "contradicted"
    none = {"interpretable": False, "dimensions": [], "reasons": ["KMO is below .5."]}
    row = study(tmp_path, design, taxonomy=none).loc["G"]
    assert (row["verdict"], "KMO" in row["reason"]) == ("undecided", True)


def test_applicability_is_held_against_the_other_dimensions(tmp_path: Path) -> None:
    design = Design(families=5, models=(2, 2), stems=6, samples=1, judges=1)
    models = simulate(design, 3)[1].index
    shares = [
        {
            "model_id": m,
            "level": "dimension",
            "dimension": d,
            "applicable_share": 0.3 + 0.01 * (i % 3) if d == "Sanctity" else 0.8,
        }
        for i, m in enumerate(models)
        for d in ("Sanctity", "Care", "Fairness")
    ]
    row = study(tmp_path, design, model_scores=pd.DataFrame(shares), instrument="moral-foundations").loc["H"]
    assert row["verdict"] == "supported"
    assert row["estimate"] == pytest.approx(-0.49, abs=0.011)


def test_the_claims_of_the_paper_are_eight() -> None:
    found = load_claims("valuelex", Path())
    assert [claim.id for claim in found.claims] == [f"C{i}" for i in range(1, 9)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("name: x\nclaims: []", "line 2: claims: "),
        ("name: x\nclaims:\n  - {id: A, statement: S, estimand: guess}", "estimand|claims.0"),
        ("name: x\nclaims:\n  - {id: A, statement: S, estimand: first}", "dimension"),
        (
            "name: x\nclaims:\n  - {id: A, statement: S, estimand: structure, dimensions: 3}\n"
            "  - {id: A, statement: S, estimand: structure, dimensions: 3}",
            "the claim A stands more than once",
        ),
        ("name: x\nclaims: [", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, wrong: str, message: str) -> None:
    (tmp_path / "claims.yaml").write_text(wrong)
    with pytest.raises(BadInput, match=message):
        load_claims("claims.yaml", tmp_path)
    with pytest.raises(BadInput, match="valuelex"):
        load_claims("nothing", tmp_path)


def test_a_mean_over_models_keeps_its_level_where_stems_are_fewer_than_models() -> None:
    """Twelve stems, some thirty models, no difference: the stems' common error is no known direction to weigh away."""
    rejected = []
    for seed in range(60):
        table, facts = simulate(Design(families=8, models=(2, 6), dimensions=2, stems=12, samples=1, judges=1), seed)
        scored = read_scores(table, scale=(-100.0, 100.0))
        matrix = pd.DataFrame([[1.0], [-1.0]], index=scored.dimensions, columns=["difference"])
        row = _average(scored.mapped(matrix), "difference", facts["family"], ComparisonSettings(scale=(-100.0, 100.0)))
        assert row["estimate"] == pytest.approx(scored.mapped(matrix).estimate["difference"].mean(), abs=0.15)
        rejected.append(row["p"] < 0.05)
    assert np.mean(rejected) < 0.13
