"""The comparison on the scores of 33 models that the paper's authors publish (outside the project: they carry no licence)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from valuelex.comparison import ComparisonSettings
from valuelex.comparison import run as compare
from valuelex.tables import read_input

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "valuelex"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data/valuelex is not here")

DIMENSIONS = {
    "Competence": ["Self-Competence", "User-Oriented"],
    "Character": ["Idealistic", "Social"],
    "Integrity": ["Professional", "Ethical"],
}
SETTINGS = ComparisonSettings(
    scale=(0.0, 100.0),
    dimensions=DIMENSIONS,
    smallest_effect=2.0,
    cluster="developer",
    power_draws=0,
    contrasts=["parameters", "release_date", "open_weights", "developer"],
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict:
    told = pd.read_csv(FOLDER / "leaderboard_models.csv")
    facts = pd.DataFrame(
        {
            "model": told["model"],
            "developer": told["developer"].str.strip(),
            "open_weights": (told["type"] == "Open").map({True: "true", False: "false"}),
            "release_date": pd.to_datetime(told["release date"].str.rstrip("."), format="mixed").dt.strftime(
                "%Y-%m-%d"
            ),
        }
    )
    folder = tmp_path_factory.mktemp("published")
    facts.to_csv(folder / "known.csv", index=False)
    scores = read_input("item_scores", FOLDER / "leaderboard_fulva.csv")
    settings = SETTINGS.model_copy(update={"covariates": "known.csv"})
    return compare(scores, facts=pd.DataFrame(), settings=settings, folder=folder)


def test_one_factor_carries_the_six_subdimensions(found: dict) -> None:
    halo = found["comparison"]["halo_of_scales"]
    assert halo["eigenvalues"][0] == pytest.approx(4.70, abs=0.005)
    assert halo["alpha"] == pytest.approx(0.94, abs=0.005)
    assert halo["first_share"] == pytest.approx(0.78, abs=0.005)


def test_competence_is_the_lowest_dimension(found: dict) -> None:
    means = found["profiles"].groupby("dimension")["level"].mean()
    assert means[["Competence", "Character", "Integrity"]].tolist() == pytest.approx([87.5, 89.0, 89.3], abs=0.05)


def test_three_sizes_of_llama_do_not_rise(found: dict) -> None:
    level = found["profiles"].query("dimension == 'Competence'").set_index("model_id")["level"]
    sizes = [f"LlaMA-3.1-{size}-Instruct" for size in ("8B", "70B", "405B")]
    assert level[sizes].tolist() == pytest.approx([87.8, 87.3, 87.8], abs=0.05)
    known = found["covariates"].set_index("model_id")
    assert np.log10(known.loc[sizes, "parameters"].astype(float)).round(1).tolist() == [9.9, 10.8, 11.6]


def test_what_the_claims_become(found: dict) -> None:
    """Competence first is contradicted; size and developer are open; of the rest these scores say nothing."""
    verdict = found["claims"].set_index("claim")["verdict"].to_dict()
    assert verdict == {
        "C1": "not testable",
        "C2": "contradicted",
        "C3": "not testable",
        "C4": "not testable",
        "C5": "not testable",
        "C6": "undecided",
        "C7": "not testable",
        "C8": "undecided",
    }


def test_developers_are_no_contrast_but_a_share(found: dict) -> None:
    table = found["comparisons"]
    like = table[(table["scope"] == "models like these") & (table["covariate"] == "developer")]
    assert like["verdict"].str.startswith("refused: developer is constant within every family").all()
    share = found["claims"].set_index("claim").loc["C8"]
    assert share["ci_low"] < 0 < share["estimate"] < 1
    assert (share["n_models"], share["n_families"]) == (33, 14)


def test_scores_without_errors_have_places_and_no_intervals(found: dict) -> None:
    ranks = found["ranks"]
    assert ranks["rank"].notna().all()
    assert ranks["rank_low"].isna().all()
    these = found["comparisons"].query("scope == 'these models'")
    assert these["ci_low"].isna().all()
    assert (these["verdict"] == "no interval: the scores have no known errors").any()
