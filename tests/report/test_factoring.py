"""The report of a factor analysis: whole, self-contained, deaf to names of columns, true to the numbers."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.report import browser
from tests.report.test_page import HOSTILE, parsed
from valuelex import psychometrics as pm
from valuelex.report.factoring import head, render_analysis, sections
from valuelex.report.factoring_again import command, python
from valuelex.report.page import SCRIPTS, pictures


def make_data(names: list[str] | None = None) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    L = np.zeros((8, 2))
    L[:4, 0], L[4:, 1] = [0.8, 0.7, -0.6, 0.7], [0.7, 0.8, 0.6, 0.5]
    factors = rng.standard_normal((300, 2)) @ np.linalg.cholesky(np.array([[1, 0.4], [0.4, 1]])).T
    noise = rng.standard_normal((300, 8)) * np.sqrt(1 - (L**2).sum(axis=1))
    return pd.DataFrame(factors @ L.T + noise, columns=names or [f"x{i}" for i in range(8)])


@pytest.fixture(scope="module")
def analysis() -> pm.Analysis:
    return pm.analyse(make_data(), 2, bootstrap=20, scores="tenberge", seed=3)


def words(html: str) -> str:
    """What a reader sees of the page."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def test_a_whole_report(analysis):
    html = render_analysis(analysis)
    found = parsed(html)
    names = ["screening", "retention", "loadings", "fit", "uncertainty", "reliability", "settings"]
    assert [i for i in found.ids if i in names] == names
    assert len(set(found.ids)) == len(found.ids)
    assert set(found.links) <= {f"#{i}" for i in found.ids} | {"data:,"}
    assert found.tags.count("script") == 1 + len(SCRIPTS) + sum(1 for _ in pictures(sections(analysis)))
    assert found.tags.count("h1") == 1
    assert "Study" not in re.findall(r'<p class="eyebrow">(.*?)</p>', html)[0]
    numbers = [int(n) for n in re.findall(r"<b>Table (\d+)\.</b>", html)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert render_analysis(analysis) == html


def test_the_numbers_are_those_of_the_analysis(analysis):
    text = words(render_analysis(analysis))
    for value in analysis.efa.loadings.to_numpy().ravel():
        assert f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−") in text
    assert f"{analysis.efa.phi.iloc[0, 1]:.2f}".replace("-", "−") in text
    assert f"RMSEA {analysis.efa.fit['rmsea']:.3f}" in text
    assert f"{analysis.reliability['omega_hierarchical'].iloc[-1]:.2f}" in text
    assert f"{analysis.screening.kmo:.2f}" in text
    for name in analysis.retention.frame["criterion"]:
        assert name in text
    for column in analysis.efa.fit_table():
        assert f"{analysis.efa.fit_table().at['chi2', column]:.2f}" in text
    assert analysis.messages[0] in text


def test_disagreement_of_the_criteria_is_a_sentence(analysis):
    found = next(s for s in sections(analysis) if s.name == "retention").findings[0]
    counts = analysis.retention.frame["n_factors"].dropna()
    if counts.nunique() > 1:
        assert f"from {counts.min()} to {counts.max()} factors" in found
    one = pm.analyse(make_data(), 2, criteria=("map",), seed=1)
    assert next(s for s in sections(one) if s.name == "retention").findings[0] == "All criteria agree on 2."


def test_names_of_columns_are_data():
    names = [HOSTILE, "</pre><b>", "a;`id`", "$(id)", "'quoted'", 'say "x"', "\\u003c", "line\nbreak"]
    html = render_analysis(pm.analyse(make_data(names), 2, bootstrap=10, seed=1))
    plain = render_analysis(pm.analyse(make_data(), 2, bootstrap=10, seed=1))
    assert "<script>alert" not in html
    assert parsed(html).tags.count("script") == parsed(plain).tags.count("script")
    assert "<img" not in re.sub(r"<script.*?</script>", "", html, flags=re.S)
    assert not re.search(r"<b>\s*</pre>|</pre><b>(?!Table)", re.sub(r"<script.*?</script>", "", html, flags=re.S))


def test_python_snippet_makes_the_same_numbers(analysis):
    code = python(analysis)
    tree = ast.parse(code)
    call = next(node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.keywords) > 3)
    options = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    again = pm.analyse(make_data(), ast.literal_eval(call.args[1]), **options)
    pd.testing.assert_frame_equal(again.efa.loadings, analysis.efa.loadings)
    pd.testing.assert_frame_equal(again.bootstrap.frame, analysis.bootstrap.frame)
    assert again.settings == analysis.settings


def test_snippet_keeps_names_as_literals():
    names = [*[f"x{i}" for i in range(7)], "']; import os; os.abort() #"]
    tree = ast.parse(python(pm.analyse(make_data(names), 2, criteria=("map",), seed=1)))
    assert sum(isinstance(node, ast.Import) for node in ast.walk(tree)) == 1
    assigned = next(n for n in ast.walk(tree) if isinstance(n, ast.Assign) and n.targets[0].id == "columns")
    assert ast.literal_eval(assigned.value) == names


def test_command_states_everything_or_is_left_out(analysis):
    said = shlex.split(command(analysis))
    assert said[:5] == ["valuelex", "efa", "DATA", "--factors", "2"]
    assert said[said.index("--columns") + 1] == ",".join(make_data().columns)
    assert said[said.index("--scores") + 1] == "tenberge"
    names = [*[f"x{i}" for i in range(7)], "$(id) 'x'"]
    quoted = command(pm.analyse(make_data(names), 2, seed=1))
    assert shlex.split(quoted)[-1] == ",".join(names)
    assert command(pm.analyse(make_data(), 2, seed=1, n_starts=7)) == ""
    assert command(pm.analyse(make_data(), 2, seed=1, gamma=-0.5)) == ""
    assert command(pm.analyse(make_data(), 2, seed=1, criteria=("map",))) == ""
    assert command(pm.analyse(make_data([*[f"x{i}" for i in range(7)], "a,b"]), 2, seed=1)) == ""


def test_the_command_is_one_that_the_command_line_knows(analysis):
    from typer.main import get_command

    from valuelex.cli.app import app

    known = {flag for p in get_command(app).commands["efa"].params for flag in p.opts}
    assert {word for word in shlex.split(command(analysis)) if word.startswith("--")} <= known


def test_settings_are_json(analysis):
    html = render_analysis(analysis)
    listing = re.findall(r'aria-label="settings">(.*?)</pre>', html, re.S)[0]
    found = json.loads(unescape(listing))
    assert found["seed"] == 3
    assert found["rotation"] == "oblimin"
    assert set(analysis.settings) <= set(found)


@pytest.mark.parametrize(
    "options",
    [
        {"n_factors": 1},
        {"n_factors": 2, "method": "pca", "rotation": "varimax"},
        {"n_factors": 2, "rotation": "none"},
        {"n_factors": "auto", "mimic": "lavaan"},
        {"n_factors": 2, "correlation": "spearman", "missing": "pairwise"},
    ],
)
def test_every_kind_of_analysis_has_a_report(options):
    data = make_data()
    if "missing" in options:
        data = data.mask(np.random.default_rng(1).random(data.shape) < 0.02)
    html = render_analysis(pm.analyse(data, seed=1, **options))
    assert "nan" not in words(html).lower().split()
    assert 'id="uncertainty"' not in html


def test_a_matrix_and_a_heywood_case_are_said():
    R = make_data().corr()
    found = pm.analyse(R, 2, n_obs=300, seed=1)
    text = words(render_analysis(found))
    assert "Given correlations" in text
    assert "matrix=True" in text
    assert "--n-obs 300" in text
    R = pd.read_csv(Path(__file__).parents[1] / "reference" / "efa" / "cor_hs9.csv", index_col=0)
    heywood = pm.analyse(R, 4, n_obs=301, method="ml", seed=1)
    assert heywood.efa.heywood
    assert f"Heywood case: the uniqueness of {heywood.efa.heywood[0]}" in words(render_analysis(heywood))


def test_head_says_why_so_many(analysis):
    assert "The number was given" in head(analysis).summary
    assert "ensemble" in head(pm.analyse(make_data(), seed=1)).summary


def test_the_vote_is_said_beside_a_given_number(analysis):
    said = head(analysis).summary
    vote, apart = analysis.retention.vote, analysis.retention.disagreement
    spread = "agree" if apart == 0 else f"differ by {apart}"
    assert f"criteria {spread}, and their vote is {vote}, too." in said
    other = pm.analyse(make_data(), 1, seed=3)
    assert f"their vote is {other.retention.vote}." in head(other).summary


@pytest.mark.browser
@pytest.mark.skipif(browser.MARKS[1].args[0], reason="chromium or chromedriver is not installed")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_drawn_quiet_and_no_wider_than_the_screen(analysis: pm.Analysis, tmp_path: Path, width: int, scheme: str):
    page = tmp_path / "report.html"
    page.write_text(render_analysis(analysis), encoding="utf-8")
    for driver in browser.driver(tmp_path / "profile"):
        ask: Callable[[str], Any] = browser.opened(driver, page.as_uri(), width, scheme).execute_script
        assert ask("return document.querySelectorAll('.plot .main-svg').length") >= 2
        assert ask("return document.documentElement.scrollWidth") <= width
        assert ask("return document.querySelectorAll('#loadings-table .sort').length") > 3
        assert browser.complaints(driver) == []
