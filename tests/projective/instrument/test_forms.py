import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex.projective.instrument.forms import COUNTED, LARGEST, NUMERIC, assign_forms, balance
from valuelex.tables import PERSONS, VALENCES


def items(n, scales=6, seed=0, **columns):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "dimension": [f"D{i % scales // 2}" for i in range(n)],
            "subdimension": [f"S{i % scales}" for i in range(n)],
            "valence": [VALENCES[i // scales % 4] for i in range(n)],
            "person": rng.choice(PERSONS, n),
            "source": rng.choice(["bank", "template"], n, p=[0.8, 0.2]),
            "n_words": rng.integers(4, 15, n),
            "readability": rng.gamma(4, 6, n),
            "fit": rng.beta(6, 3, n),
            "margin": rng.beta(2, 6, n),
        }
    )
    return table.assign(**columns)


@pytest.mark.parametrize(("n", "scales"), [(120, 6), (120, 10), (120, 5), (60, 6), (100, 7)])
def test_forms_agree_in_every_property(n, scales):
    table = items(n, scales)
    table["form"] = assign_forms(table, seed=7)
    found = balance(table)
    assert found.loc[found["kind"] == "count", "difference"].abs().max() <= 1
    assert found.loc[found["kind"] == "mean", "standardised"].abs().max() < LARGEST
    assert set(found["property"]) == {"items", "words", "readability", "fit", "margin", *COUNTED}


def test_balance_against_numpy():
    table = items(60)
    table["form"] = assign_forms(table, seed=1)
    found = balance(table).set_index("property")
    a, b = table[table["form"] == "A"], table[table["form"] == "B"]
    for name in NUMERIC:
        shown = {"n_words": "words"}.get(name, name)
        difference = a[name].mean() - b[name].mean()
        assert found.loc[shown, "standardised"] == pytest.approx(difference / np.std(table[name], ddof=1))


def test_the_search_is_better_than_chance():
    """Exchanges, not luck: a thousand random halves of the same items do not come near."""
    table = items(60, seed=3)
    form = np.array(assign_forms(table, seed=7))
    z = ((table[list(NUMERIC)] - table[list(NUMERIC)].mean()) / table[list(NUMERIC)].std()).to_numpy()
    mine = np.abs(z[form == "A"].mean(axis=0) - z[form == "B"].mean(axis=0)).max()
    rng = np.random.default_rng(0)
    halves = (rng.permutation(60) for _ in range(1000))
    assert mine < min(np.abs(z[half[:30]].mean(axis=0) - z[half[30:]].mean(axis=0)).max() for half in halves)


def test_the_same_seed_gives_the_same_forms():
    table = items(60)
    assert assign_forms(table, seed=5) == assign_forms(table, seed=5)


def test_empty_cells_and_constants_are_no_obstacle():
    table = items(10, margin=np.nan, person=None, n_words=5)
    table["form"] = assign_forms(table, seed=1)
    found = balance(table)
    assert set(table["form"]) == {"A", "B"}
    assert found[found["property"] == "margin"][["form_a", "sd", "standardised"]].isna().all(axis=None)
    assert found[found["property"] == "words"]["standardised"].item() == 0
    assert "not stated" in set(found["level"].dropna())


def test_one_item_and_one_form():
    table = items(1)
    assert assign_forms(table, seed=1) == ["A"]
    found = balance(items(8, form="A"))
    assert found["form_b"].isna().all() and found.loc[0, "form_a"] == 8


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 99))
def test_scales_valences_and_totals_never_differ_by_more_than_one(n, scales, seed):
    table = items(n, scales, seed, dimension="D")
    table["form"] = assign_forms(table, seed=seed)
    found = balance(table)
    for name in ("items", "scale", "valence", "scale x valence"):
        assert found.loc[found["property"] == name, "difference"].abs().max() <= 1, name
