from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError, SettingError
from valuelex.psychometrics.screening import screen as module
from valuelex.psychometrics.screening.findings import kaiser_word

NAMES = [
    "cases",
    "constant columns",
    "duplicate columns",
    "missing cells",
    "determinant",
    "KMO",
    "item MSA",
    "Bartlett",
    "multivariate normality",
    "empty cells",
    "sparse categories",
    "number of categories",
]


def verdicts(found):
    return {finding.name: finding.verdict for finding in found.verdicts}


def by_name(found, name):
    return next(finding for finding in found.verdicts if finding.name == name)


def with_suppressors(data):
    """Two unrelated columns and their sum: large partial, small zero-order correlations."""
    u, v, e = np.random.default_rng(3).standard_normal((3, len(data)))
    return data.assign(u=u, v=v, w=u + v + 0.1 * e)


@pytest.fixture
def clean(two_factors):
    """Normal columns without structure problems."""
    return two_factors


def test_clean_data_are_ok_in_every_check(clean):
    found = pm.screen(clean)
    assert list(verdicts(found)) == NAMES
    assert set(verdicts(found).values()) == {"ok"}
    assert found.factorable
    assert all(not finding.remedy for finding in found.verdicts)
    assert list(found.findings.index) == NAMES
    assert list(found.findings.columns) == ["verdict", "value", "detail", "remedy"]
    assert "ok      KMO: 0." in found.summary()
    assert "<th>KMO</th>" in found._repr_html_()


def test_bfi_calls_for_caution_where_it_should(bfi):
    found = pm.screen(bfi)
    assert found.factorable
    cautions = [name for name, verdict in verdicts(found).items() if verdict != "ok"]
    assert cautions == ["missing cells", "multivariate normality"]
    assert by_name(found, "KMO").detail == "0.849: meritorious."
    assert by_name(found, "empty cells").value == 9
    assert by_name(found, "missing cells").value == pytest.approx(bfi.isna().to_numpy().mean())
    assert verdicts(pm.screen(bfi, missing="pairwise"))["cases"] == "ok"


@pytest.mark.parametrize(
    ("change", "name", "verdict", "says"),
    [
        (lambda d: d.iloc[:60], "cases", "caution", "60 cases for 8"),
        (lambda d: d.iloc[:8], "cases", "stop", "No more cases than variables"),
        (lambda d: d[["x0", "x1"]], "cases", "stop", "Only 2 usable"),
        (lambda d: d.assign(flat=1), "constant columns", "stop", "flat"),
        (lambda d: d.assign(copy=-d["x0"]), "duplicate columns", "stop", "x0 = copy"),
        (lambda d: d.mask(np.eye(400, 8, -3) > 0), "missing cells", "ok", "2.0% of rows"),
        (lambda d: d.assign(x0=d["x0"].where(d.index > 40)), "missing cells", "caution", "10.2% of rows"),
        (lambda d: d.assign(total=d.sum(axis=1)), "determinant", "stop", "singular"),
        (lambda d: d.assign(total=d.sum(axis=1) + 0.1 * d["x0"] ** 2), "determinant", "caution", "x0 (0.98)"),
        (lambda d: with_suppressors(d), "item MSA", "caution", "MSA below .5: u ("),
        (lambda d: np.exp(2 * d), "multivariate normality", "caution", "p < .001"),
        (lambda d: (d > 0).astype(int), "number of categories", "caution", "8 of 8 columns"),
        (lambda d: d.round().clip(-2, 3), "sparse categories", "caution", "fewer than 5 cases: x"),
        (lambda d: d.iloc[:60].round().clip(-3, 3), "empty cells", "caution", "of 28 pairs"),
    ],
)
def test_each_check_notices_its_own_trouble(clean, change, name, verdict, says):
    found = pm.screen(change(clean))
    finding = by_name(found, name)
    assert finding.verdict == verdict
    assert says in finding.detail
    assert bool(finding.remedy) == (verdict != "ok")


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_factorable_means_that_no_check_says_stop(seed, missing):
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(1, 30)), int(rng.integers(1, 9))
    X = pd.DataFrame(rng.integers(0, 3, (n, p)).astype(float) + rng.normal(size=(n, 1)) * (seed % 2))
    X = X.mask(rng.random(X.shape) < rng.choice([0, 0.3]))
    found = pm.screen(X, missing=missing)
    assert found.factorable == ("stop" not in verdicts(found).values()) == (not found.reasons)
    assert list(verdicts(found)) == NAMES


def test_correlation_matrix_says_what_it_cannot_know(correlations):
    R, n = correlations["hs9"]
    found = pm.screen(R, n)
    assert set(verdicts(found).values()) == {"ok"}
    for name in ("missing cells", "multivariate normality", "empty cells", "number of categories"):
        assert "Not known from a correlation matrix" in by_name(found, name).detail
        assert np.isnan(by_name(found, name).value)


def test_ordinal_correlations_can_be_screened(clean):
    rated = clean.round().clip(-2, 2)
    plain, poly = pm.screen(rated), pm.screen(rated, correlation="polychoric")
    assert poly.kmo > plain.kmo
    assert verdicts(plain)["number of categories"] == "caution"
    assert verdicts(poly)["number of categories"] == "ok"
    assert pm.screen(rated.assign(x0=clean["x0"]), correlation="mixed").factorable
    assert pm.screen((clean > 0).astype(int), correlation="tetrachoric").factorable
    with pytest.raises(DataError, match=r"more than 2 categories: x0.*\n.*polychoric"):
        pm.screen(rated, correlation="tetrachoric")
    with pytest.raises(DataError, match=r"more than 20 categories: x0.*\n.*mixed"):
        pm.screen(clean, correlation="polychoric")


def test_long_computations_are_skipped_with_a_note(clean, monkeypatch):
    monkeypatch.setattr(module, "MARDIA_MOST", 10.0)
    monkeypatch.setattr(module, "TABLES_MOST", 10)
    found = pm.screen(clean.round())
    assert "Skipped: 400 cases of 8 columns" in by_name(found, "multivariate normality").detail
    assert "Skipped" in by_name(found, "empty cells").detail


def test_kaisers_words():
    assert [kaiser_word(v) for v in (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.49)] == [
        "marvellous",
        "marvellous",
        "meritorious",
        "middling",
        "mediocre",
        "miserable",
        "unacceptable",
    ]


def test_full_information_is_not_a_screening():
    with pytest.raises(SettingError, match="missing='fiml'"):
        pm.screen(np.eye(5), missing="fiml")
