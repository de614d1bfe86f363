"""Tables and methods as files: the numbers are the tables', names do no harm, every file opens."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.report.browser import CHROMIUM
from valuelex.errors import ValuelexError
from valuelex.report.evidence import Evidence
from valuelex.report.page import build, pictures
from valuelex.report.paper import tables, write_paper
from valuelex.report.paper.figures import palette, plotly_figure, write_figures
from valuelex.study import Study

Results = Callable[..., Study]


def test_tables_hold_the_numbers_of_the_study(results: Results) -> None:
    study = results()
    made = tables(Evidence(study))
    assert list(made) == ["models", "adequacy", "loadings", "scores", "contrasts"]
    assert [t.number for t in made.values()] == [1, 2, 3, 4, 5]
    words = {row[0].text: row for row in made["loadings"].blocks[0][1]}
    assert [e.text for e in words["honesty"]] == ["honesty", ".90", "−.55", ".40"]
    assert [e.strong for e in words["honesty"]] == [False, True, True, False]
    phi = made["loadings"].blocks[1][1]
    assert [[e.text for e in row] for row in phi] == [["F1", "—", "", ""], ["F2", ".25", "—", ""]]
    scores = study.read("scores").query("level == 'dimension'").sort_values("dimension")
    shown = [float(row[1].text.replace("−", "-")) for name, rows in made["scores"].blocks[:2] for row in rows]
    assert sorted(shown) == pytest.approx(sorted(scores["mean"]), abs=0.006)


def test_what_is_not_there_has_no_table(results: Results) -> None:
    made = tables(Evidence(results(only=("responses", "words", "lexicon"))))
    assert list(made) == ["models"]
    assert "loadings" not in tables(Evidence(results(folder="other", factorable=False)))


def test_every_file_is_written_and_opens(results: Results, tmp_path: Path) -> None:
    files = write_paper(Evidence(results(manifest=True)), tmp_path / "paper")
    names = {str(f.relative_to(tmp_path / "paper")) for f in files}
    assert {"paper.html", "paper.tex", "paper.md", "tables/loadings.html", "tables/scores.tex"} <= names
    tex = (tmp_path / "paper" / "paper.tex").read_text()
    assert tex.count("\\begin{") == tex.count("\\end{")
    assert "$\\chi$" in tex and "χ" not in tex, "a letter that LaTeX's own fonts lack"
    if find_spec("docx") is None:
        pytest.skip("python-docx is not installed")
    from docx import Document

    document = Document(str(tmp_path / "paper" / "paper.docx"))
    assert [p.text for p in document.paragraphs][:2] == ["Method", "Models and respondents"]
    grid = document.tables[2]
    assert [cell.text for cell in grid.rows[1].cells] == ["honesty", ".90", "−.55", ".40"]


def test_names_do_no_harm(results: Results, tmp_path: Path) -> None:
    hostile = "<b>&\\input{x}|$_%\x07"
    study = results()
    loadings = study.read("loadings")
    loadings.loc[0, "word"] = hostile
    write_paper(Evidence(results(folder="hostile", changes={"loadings": loadings})), tmp_path)
    html, tex, md = ((tmp_path / f"paper.{kind}").read_text() for kind in ("html", "tex", "md"))
    assert "<b>&\\" not in html and "&lt;b&gt;&amp;" in html
    assert "\\input{x}" not in tex and "\\textbackslash{}input\\{x\\}" in tex
    assert re.search(r"^\| \\<b\\>&\\\\input\{x\}\\\|", md, re.M)


def test_more_rows_than_a_page_holds_go_on_over_the_next(results: Results, tmp_path: Path) -> None:
    import pandas as pd

    from valuelex.tables import frame

    rows = [{"word": f"word{k}", "F1": 0.5, "F2": 0.1} for k in range(60)]
    study = results(changes={"loadings": frame("loadings", rows)})
    write_paper(Evidence(study), tmp_path)
    tex = (tmp_path / "tables" / "loadings.tex").read_text()
    assert "\\begin{longtable}[l]{lrrr}" in tex and "\\endhead" in tex and "tabular" not in tex
    assert tex.count("\\\\") == 1 + len(pd.DataFrame(rows)) + 1 + 2


def test_figures_have_the_light_colours_and_no_variable_is_left(evidence: Evidence) -> None:
    for figure in pictures(build(evidence)):
        assert "var(--" not in plotly_figure(figure).to_json(), figure.name
    assert palette()["--c1"] == "#0072b2"


@pytest.mark.browser
def test_figures_as_files(evidence: Evidence, tmp_path: Path) -> None:
    if find_spec("kaleido") is None or not CHROMIUM.exists():
        pytest.skip("kaleido or chromium is not installed")
    figures = [f for f in pictures(build(evidence)) if f.name in ("taxonomy-scree", "taxonomy-map")]
    files = write_figures(figures, tmp_path)
    assert {f.name for f in files} == {f"{f.name}.{kind}" for f in figures for kind in ("svg", "png")}
    assert "honesty" in (tmp_path / "taxonomy-map.svg").read_text()
    assert (tmp_path / "taxonomy-scree.png").read_bytes().startswith(b"\x89PNG")


def test_without_kaleido_the_error_says_what_to_install(
    evidence: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valuelex.report.paper.figures.find_spec", lambda name: None)
    with pytest.raises(ValuelexError, match="kaleido"):
        write_figures([], tmp_path)
