"""Similarity to groups of people, against scipy, and files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from valuelex.comparison import ComparisonSettings, read_scores
from valuelex.comparison.reference import read_reference, reference_similarity
from valuelex.comparison.simulation import Design, simulate
from valuelex.errors import TableError

SETTINGS = ComparisonSettings(bootstrap=199)


def scored():
    return read_scores(
        simulate(Design(families=3, models=(1, 2), dimensions=6, stems=15, samples=1, judges=1), 1)[0], scale=(-99, 99)
    )


def test_measures_are_scipy_s_and_intervals_hold_the_estimate() -> None:
    models = scored()
    rng = np.random.default_rng(2)
    people = pd.DataFrame(rng.normal(size=(2, 6)), index=["X", "Y"], columns=models.dimensions)
    table = reference_similarity(models, people, SETTINGS, seed=1)
    mine, theirs = models.estimate.loc["model 01"].to_numpy(), people.loc["Y"].to_numpy()
    row = table.query("model_id == 'model 01' and group == 'Y'").set_index("measure")
    assert row.loc["spearman", "estimate"] == pytest.approx(stats.spearmanr(mine, theirs).statistic)
    assert row.loc["pearson", "estimate"] == pytest.approx(stats.pearsonr(mine, theirs).statistic)
    assert row.loc["cosine", "estimate"] == pytest.approx(mine @ theirs / np.linalg.norm(mine) / np.linalg.norm(theirs))
    assert (row["ci_low"] <= row["estimate"] + 1e-9).all()
    assert (row["estimate"] <= row["ci_high"] + 1e-9).all()


def test_the_same_profile_on_another_scale_is_alike_and_few_dimensions_are_not_compared() -> None:
    models = scored()
    people = pd.DataFrame([2 * models.estimate.loc["model 01"] + 7], index=["twin"])
    table = reference_similarity(models, people, SETTINGS).set_index(["model_id", "measure"])
    assert table.loc[("model 01", "spearman"), "estimate"] == pytest.approx(1)
    assert table.loc[("model 01", "pearson"), "estimate"] == pytest.approx(1)
    assert len(reference_similarity(models, people.iloc[:, :3], SETTINGS)) == 0


def test_long_and_wide_files_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text("country,Care,Order\nX,1.5,2\nY,3,\n")
    (tmp_path / "long.csv").write_text("country,dimension,mean\nX,Care,1.5\nX,Order,2\nY,Care,3\n")
    wide, long = (read_reference(tmp_path / f"{name}.csv") for name in ("wide", "long"))
    assert wide.loc["X"].to_dict() == long.loc["X"].to_dict() == {"Care": 1.5, "Order": 2.0}
    assert np.isnan(wide.loc["Y", "Order"])
    assert np.isnan(long.loc["Y", "Order"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("land,Care\nX,1\n", "no column names the groups"),
        ("country,Care\nX,1\nX,2\n", "X stands in more than one row"),
        ("country,dimension,mean\nX,Care,1\nX,Care,2\n", "X has two means on Care"),
        ("country,Care\nX,much\n", "column Care, X: 'much' is no number"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(TableError, match=message):
        read_reference(tmp_path / "people.csv")
    with pytest.raises(TableError, match="does not exist"):
        read_reference(tmp_path / "nobody.csv")
