"""The blind sets of completions written high and low on the same stems: their form, not what any judge makes of them."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml
from scipy.stats import mannwhitneyu

from valuelex.resources import find

COLUMNS = ["stem_id", "stem", "subdimension", "label", "style", "completion"]


FIRST = "counter_completions.csv"
OF_THE_BANK = (FIRST, *(f"counter_completions_{which}.csv" for which in ("third", "fourth", "fifth")))
ROWS = {"counter_completions_second.csv": 138, "counter_completions_sixth.csv": 144} | dict(
    zip(OF_THE_BANK, (168, 180, 120, 120), strict=True)
)
ELSEWHERE = {"counter_completions_third.csv": 2, "counter_completions_fourth.csv": 1}
"""Stems that were answered on another scale than the one they belong to in the bank."""
BALANCED_IN_CHARACTERS = (FIRST, "counter_completions_second.csv")
"""The writers of the others balanced the number of words; high answers have longer words in one style, shorter in another."""


@pytest.fixture(scope="module", params=list(ROWS))
def file(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def rows(file: str) -> pd.DataFrame:
    return pd.read_csv(find("reference", file), dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def bank() -> dict[str, dict[str, object]]:
    stems = yaml.safe_load(find("stems", "bank.yaml").read_text(encoding="utf-8"))["stems"]
    return {stem["text"]: stem for stem in stems}


def rank_biserial(high: pd.Series, low: pd.Series) -> float:
    return float(2 * mannwhitneyu(high, low).statistic / (len(high) * len(low)) - 1)


def test_every_stem_has_one_high_and_one_low_in_one_style(file: str, rows: pd.DataFrame) -> None:
    assert list(rows.columns) == COLUMNS
    assert len(rows) == ROWS[file]
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


@pytest.mark.parametrize("name", OF_THE_BANK)
def test_stems_are_those_of_the_bank_and_of_all_kinds(name: str, bank: dict[str, dict[str, object]]) -> None:
    rows = pd.read_csv(find("reference", name), dtype=str, keep_default_na=False).drop_duplicates("stem_id")
    used = [bank[stem] for stem in rows["stem"]]
    at_home = [
        str(row.subdimension).lower() == entry["home"] for row, entry in zip(rows.itertuples(), used, strict=True)
    ]
    assert at_home.count(False) == ELSEWHERE.get(name, 0)
    if name == FIRST:
        assert list(rows["stem_id"]) == [entry["id"] for entry in used]
    assert {entry["valence"] for entry in used} == {"positive", "negative", "neutral", "trade-off"}
    assert {entry["person"] for entry in used} == {"first", "third", "impersonal"}


def test_no_completion_repeats_its_stem(rows: pd.DataFrame) -> None:
    assert not [r.stem_id for r in rows.itertuples() if str(r.completion).lower().startswith(str(r.stem).lower()[:15])]


def test_length_tells_little_of_the_label(file: str, rows: pd.DataFrame) -> None:
    """Overall, and within each style, by words and by characters."""
    strict = file in BALANCED_IN_CHARACTERS
    for measure in (rows["completion"].str.len(), rows["completion"].str.split().str.len()):
        high, low = measure[rows["label"] == "high"], measure[rows["label"] == "low"]
        assert abs(rank_biserial(high, low)) < (0.05 if strict else 0.1)
        for _, part in rows.groupby("style"):
            own = measure[part.index]
            high, low = own[part["label"] == "high"], own[part["label"] == "low"]
            assert abs(high.mean() / low.mean() - 1) < 0.1
            assert abs(rank_biserial(high, low)) < (0.2 if strict else 0.45)


def test_styles_differ_in_length(rows: pd.DataFrame) -> None:
    words = rows["completion"].str.split().str.len().groupby(rows["style"])
    assert words.max()["terse"] < words.min()["plain"] <= words.max()["plain"] < words.min()["elaborate"]
