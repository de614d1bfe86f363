"""Pictures and tables of the section `compare` that need more models than the small study has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from valuelex.comparison import ComparisonSettings, run
from valuelex.comparison.simulation import Design, simulate
from valuelex.report.compare import _said_of_groups
from valuelex.report.compare_figures import profile_map, profile_parts
from valuelex.report.compare_tables import traits_table


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    table, facts = simulate(Design(families=4, models=(2, 3), dimensions=3, stems=10, judges=1), 1)
    table = table.assign(model_id=table["model_id"].where(table["model_id"] != "model 01", "<b>bold</b>"))
    facts = facts.rename(index={"model 01": "<b>bold</b>"})
    settings = ComparisonSettings(
        scale=(-100.0, 100.0), contrasts=["training"], claims=None, bootstrap=99, power_draws=0
    )
    return run(table, facts=facts, settings=settings, seed=1)


def test_the_dendrogram_joins_the_rows_of_the_map(made: dict[str, Any]) -> None:
    links = made["comparison"]["clusters"]["links"]
    figure = profile_map(made["profiles"], made["model_clusters"], links, "Said.")
    assert figure is not None
    heat, tree = figure.spec["data"]
    n = made["model_clusters"].shape[0]
    assert len(links) == n - 1
    starts = [
        (place, height)
        for link in links
        for place, height in zip(link["places"], link["heights"], strict=True)
        if height == 0
    ]
    # Every model is one branch that begins at height 0, at its own row.
    assert sorted(place for place, _ in starts) == list(range(1, n + 1))
    assert len(tree["x"]) == len(tree["y"]) == 5 * (n - 1)
    wide = made["profiles"].pivot(index="model_id", columns="dimension", values="profile").astype(float)
    order = made["model_clusters"].sort_values("place")["model_id"]
    assert np.array(heat["z"]) == pytest.approx(wide.loc[order].to_numpy(), abs=1e-3)
    # The last link joins the last two groups, at the mean distance of their members.
    last = links[[max(link["heights"]) for link in links].index(max(max(link["heights"]) for link in links))]
    values = wide.loc[order].to_numpy()
    distance = np.sqrt(((values[:, None] - values[None]) ** 2).mean(axis=2))
    ends = last["places"][0], last["places"][3]
    splits = [distance[:k, k:].mean() for k in range(1, n) if ends[0] < k + 1 and ends[1] > k]
    assert min(abs(split - max(last["heights"])) for split in splits) < 1e-9


def test_names_of_models_are_inert_in_the_map(made: dict[str, Any]) -> None:
    figure = profile_map(made["profiles"], made["model_clusters"], made["comparison"]["clusters"]["links"], "")
    assert "<b>" not in str(figure)


@pytest.mark.parametrize(
    ("p", "said"), [(0.01, "Profiles fall into 3 groups"), (0.4, "No groups of profiles can be told")]
)
def test_groups_are_only_called_so_where_they_are_more_than_chance(p: float, said: str) -> None:
    assert _said_of_groups({"n": 3, "silhouette": 0.4, "p": p}).startswith(said)
    assert _said_of_groups({"reason": "3 models are too few for groups."}) == ""


def test_parts_of_scores_and_traits_are_shown_for_every_model(made: dict[str, Any]) -> None:
    figure = profile_parts(made["profile_shares"])
    models = set(made["ranks"]["model_id"])
    assert figure is not None
    widths = np.array([bar["x"] for bar in figure.spec["data"]], dtype=float).sum(axis=0)
    assert widths == pytest.approx(np.full(len(models), 100.0))
    rows = traits_table(made["traits"]).rows
    assert {row[1] for row in rows} == models
    assert {row[0] for row in rows} == {"spread of the profile", "distinctness", "variance over samples"}
