"""The blind sets of completions written high and low on the same stems: their form, not what any judge makes of them."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml
from scipy.stats import mannwhitneyu

from valuelex.resources import find

COLUMNS = ["stem_id", "stem", "subdimension", "label", "style", "completion"]


FIRST, SECOND = "counter_completions.csv", "counter_completions_second.csv"


@pytest.fixture(scope="module", params=[FIRST, SECOND])
def rows(request: pytest.FixtureRequest) -> pd.DataFrame:
    return pd.read_csv(find("reference", request.param), dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def bank() -> dict[str, dict[str, object]]:
    stems = yaml.safe_load(find("stems", "bank.yaml").read_text(encoding="utf-8"))["stems"]
    return {stem["id"]: stem for stem in stems}


def rank_biserial(high: pd.Series, low: pd.Series) -> float:
    return float(2 * mannwhitneyu(high, low).statistic / (len(high) * len(low)) - 1)


def test_every_stem_has_one_high_and_one_low_in_one_style(rows: pd.DataFrame) -> None:
    assert list(rows.columns) == COLUMNS
    assert len(rows) in (168, 138)
    pairs = rows.groupby("stem_id")
    assert pairs["label"].agg(lambda labels: sorted(labels) == ["high", "low"]).all()
    assert (pairs["style"].nunique() == 1).all()
    assert rows["completion"].is_unique


def test_homes_and_styles_are_balanced(rows: pd.DataFrame) -> None:
    """To one stem in the second set, from which three stems were taken that the judge has learnt from."""
    stems = rows.drop_duplicates("stem_id")
    homes = stems["subdimension"].value_counts()
    assert set(homes.index) == {"Self-Competent", "User-Oriented", "Social", "Idealistic", "Professional", "Ethical"}
    assert homes.max() - homes.min() <= 1
    styles = stems["style"].value_counts()
    assert set(styles.index) == {"terse", "plain", "elaborate"} and styles.max() - styles.min() <= 3


def test_stems_of_the_first_are_those_of_the_bank(bank: dict[str, dict[str, object]]) -> None:
    rows = pd.read_csv(find("reference", FIRST), dtype=str, keep_default_na=False)
    for row in rows.itertuples():
        entry = bank[str(row.stem_id)]
        assert (row.stem, str(row.subdimension).lower()) == (entry["text"], entry["home"])
    used = [bank[str(i)] for i in rows["stem_id"].unique()]
    assert {entry["valence"] for entry in used} == {"positive", "negative", "neutral", "trade-off"}
    assert {entry["person"] for entry in used} == {"first", "third", "impersonal"}


def test_no_completion_repeats_its_stem(rows: pd.DataFrame) -> None:
    assert not [r.stem_id for r in rows.itertuples() if str(r.completion).lower().startswith(str(r.stem).lower()[:15])]


def test_length_tells_nothing_of_the_label(rows: pd.DataFrame) -> None:
    """Overall, and within each style, by characters and by words."""
    for measure in (rows["completion"].str.len(), rows["completion"].str.split().str.len()):
        high, low = measure[rows["label"] == "high"], measure[rows["label"] == "low"]
        assert abs(rank_biserial(high, low)) < 0.05
        for _, part in rows.groupby("style"):
            own = measure[part.index]
            assert abs(rank_biserial(own[part["label"] == "high"], own[part["label"] == "low"])) < 0.2


def test_styles_differ_in_length(rows: pd.DataFrame) -> None:
    words = rows["completion"].str.split().str.len().groupby(rows["style"])
    assert words.max()["terse"] < words.min()["plain"] <= words.max()["plain"] < words.min()["elaborate"]
