from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from valuelex import psychometrics as pm

FUNCTIONS = [name for name in pm.__all__ if inspect.isfunction(getattr(pm, name))]


def test_import_is_light():
    code = (
        "import sys, valuelex.psychometrics; "
        "print([m for m in ('scipy.stats', 'scipy.linalg', 'sklearn', 'statsmodels') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_functions_have_a_docstring_and_at_most_three_positional_parameters(name):
    function = getattr(pm, name)
    assert function.__doc__
    kinds = [p.kind for p in inspect.signature(function).parameters.values()]
    assert sum(kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for kind in kinds) <= 3


def test_results_give_summary_frame_and_html(two_factors):
    model = pm.efa(two_factors, 2, seed=1)
    results = [
        model,
        pm.kmo(two_factors),
        pm.bartlett(two_factors),
        pm.screen(two_factors),
        pm.parallel_analysis(two_factors, 10, seed=1),
        pm.map_test(two_factors),
        pm.ekc(two_factors),
        pm.kaiser(two_factors),
        pm.nest(two_factors, 50, seed=1),
        pm.hull(two_factors, max_factors=3, seed=1),
        pm.fit_sequence(two_factors),
        pm.comparison_data(two_factors, 20, population=500, seed=1),
        pm.ega(two_factors, "tmfg", n_boot=3, seed=1),
        pm.retain(two_factors, ("map", "ekc"), seed=1),
        pm.rotate(model.unrotated, seed=1),
        model.bootstrap(5, 1),
        pm.align(model.loadings, model.loadings),
        pm.alpha(two_factors),
        pm.omega(two_factors, 2, seed=1),
        pm.icc(two_factors),
        pm.krippendorff_alpha(two_factors.round(), n_boot=5, seed=1),
    ]
    for result in results:
        assert isinstance(result, pm.Result)
        assert "Settings:" in result.summary()
        assert len(result.to_frame()) > 0
        assert "<table" in result._repr_html_()
        with pytest.raises(AttributeError):
            result.settings = {}


def test_headline_is_escaped(two_factors):
    found = pm.screen(two_factors.rename(columns={"x0": "<b>"}).assign(**{"<i>": 1.0}))
    assert "&lt;i&gt;" in found._repr_html_()


def test_unknown_attribute_is_an_error():
    with pytest.raises(AttributeError, match="nothing"):
        _ = pm.nothing
