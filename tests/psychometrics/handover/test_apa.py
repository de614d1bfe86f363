from __future__ import annotations

import builtins
import re
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.psychometrics.handover.conftest import HOSTILE
from valuelex import psychometrics as pm
from valuelex.errors import DataError, MissingExtra, SettingError
from valuelex.psychometrics.handover import apa, apa_formats


def test_numbers_lose_the_zero_before_the_point_only_where_they_cannot_exceed_one():
    assert apa.bounded(0.456, 2) == ".46"
    assert apa.bounded(-0.456, 2) == "−.46"
    assert apa.bounded(-0.001, 2) == ".00"
    assert apa.bounded(1.02, 2) == "1.02"
    assert apa.bounded(-10.5, 1) == "−10.5"
    assert apa.bounded(0.999, 2) == "1.00"
    assert apa.plain(np.nan, 2) == "—"


def test_html_has_title_bold_salient_loadings_and_factor_correlations(oblique):
    html = oblique.to_apa(sort=True)
    assert "<b>Table 1</b>" in html
    assert "<i>Factor Loadings From an Exploratory Analysis</i>" in html
    largest = oblique.loadings.abs().max().max()
    assert f"<b>{apa.bounded(largest, 2)}</b>" in html
    assert html.count("<b>.") + html.count("<b>−.") == int((oblique.loadings.abs() >= 0.3).sum().sum())
    assert f">{apa.bounded(oblique.phi.iloc[1, 0], 2)}<" in html
    assert "<i>N</i> = 400" in html
    assert "oblimin rotation (oblique, no row weights, gamma = 0)" in html
    assert "border-left" not in html
    rows = re.findall(r'<th[^>]*scope="row">(x\d)</th>', html)
    A = oblique.loadings.abs()
    home = A.loc[rows].to_numpy().argmax(axis=1)
    assert (np.diff(home) >= 0).all()
    assert sorted(rows) == sorted(oblique.loadings.index)


def test_cutoff_leaves_small_loadings_blank(oblique):
    text = oblique.to_apa("text", cutoff=0.5, decimals=3)
    assert "below .50 in size are not shown" in text
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.startswith("x")}
    for name, row in oblique.loadings.iterrows():
        shown = [apa.bounded(value, 3) for value in row if abs(value) >= 0.5]
        assert rows[name] == [*shown, apa.bounded(oblique.communalities[name], 3)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mimic": "spss"}, "Conventions of SPSS."),
        ({"method": "pca", "rotation": "promax"}, "promax rotation (oblique, Kaiser's row weights, power = 4)"),
        ({"rotation": "none"}, "no rotation."),
        ({"rotation": "varimax"}, "varimax rotation (orthogonal, Kaiser's row weights)"),
        ({"rotation": "promax", "normalize": "varimax"}, "Kaiser's row weights in the varimax step"),
        ({"normalize": "cureton-mulaik"}, "Cureton-Mulaik row weights"),
    ],
)
def test_note_says_which_conventions(two_factors, options, said):
    assert said in pm.efa(two_factors, 2, seed=1, **options).to_apa("text")


def test_one_factor_and_orthogonal_factors_have_no_correlations(two_factors):
    assert "Factor correlations" not in pm.efa(two_factors, 1, seed=1).to_apa("text")
    assert "Factor correlations" not in pm.efa(two_factors, 2, rotation="varimax", seed=1).to_apa("text")


def test_html_escapes_names(two_factors):
    named = two_factors.rename(columns={"x0": HOSTILE, "x1": 'a"&b'})
    html = pm.efa(named, 2, seed=1).to_apa(title=HOSTILE)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 2


@given(st.text(alphabet="\\{}$&#^_~%ab<>|\"'[]\n", max_size=30))
def test_latex_escapes_every_special_letter(text):
    found = apa_formats.tex(text)
    rest = re.sub(r"\\text[a-z]+\{\}|\\[&%$#_{}]|\{\[\}|\{\]\}|\{''\}", "", found)
    assert not set(rest) & set('\\{}$&#^_~%<>|"[]\n')


def test_latex_of_awkward_names(two_factors):
    table = pm.efa(two_factors.rename(columns={"x0": "a_b%", "x1": "[1] \\input{x}"}), 2, seed=1).to_apa("latex")
    assert "a\\_b\\%" in table
    assert "{[}1{]} \\textbackslash{}input\\{x\\}" in table
    assert "\\midrule" in table
    assert "|" not in re.findall(r"\\begin\{tabular\}\{(.*?)\}", table)[0]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(two_factors, tmp_path):
    table = pm.efa(two_factors.rename(columns={"x0": "a_b%", "x1": "[1] \\input{x}^~<>"}), 2, seed=1).to_apa("latex")
    page = f"\\documentclass{{article}}\\usepackage{{booktabs}}\\begin{{document}}\n{table}\\end{{document}}\n"
    (tmp_path / "t.tex").write_text(page)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0


def test_docx_reads_back(two_factors, tmp_path):
    docx = pytest.importorskip("docx")
    found = pm.efa(two_factors.rename(columns={"x0": f"{HOSTILE}\x07"}), 2, seed=1)
    path = found.to_apa("docx", tmp_path / "table.docx", title="Loadings", number=3)
    document = docx.Document(str(path))
    said = [p.text for p in document.paragraphs]
    assert said[:2] == ["Table 3", "Loadings"]
    assert said[-1].startswith("Note. N = 400.")
    table = document.tables[0]
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert cells[0] == ["Variable", "F1", "F2", "h²"]
    assert cells[1][0] == HOSTILE
    first = [apa.bounded(v, 2) for v in found.loadings.iloc[0]]
    assert cells[1][1:3] == first
    bold = [run.bold for run in table.rows[1].cells[1].paragraphs[0].runs]
    assert bold == [True if abs(found.loadings.iloc[0, 0]) >= 0.3 else None]
    assert "w:left" not in table._tbl.xml
    assert len(cells) == 1 + 8 + 2 + 1 + 2


def test_docx_without_its_package_names_the_extra(oblique, tmp_path, monkeypatch):
    monkeypatch.setattr(apa_formats, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"valuelex\[docx\]"):
        oblique.to_apa("docx", tmp_path / "t.docx")


def test_a_file_is_written_or_refused(oblique, tmp_path):
    path = oblique.to_apa("html", tmp_path / "t.html")
    assert path.read_text(encoding="utf-8") == oblique.to_apa()
    with pytest.raises(DataError, match="cannot be written"):
        oblique.to_apa("html", tmp_path / "no" / "t.html")
    with pytest.raises(SettingError, match="is a file"):
        oblique.to_apa("docx")
    with pytest.raises(SettingError, match="kind"):
        oblique.to_apa("pdf")
    with pytest.raises(SettingError, match="cutoff"):
        oblique.to_apa(cutoff=1.5)
    with pytest.raises(SettingError, match="decimals"):
        oblique.to_apa(decimals=0)


def test_docx_is_imported_late(monkeypatch, oblique):
    original = builtins.__import__

    def refuse(name, *arguments, **options):
        assert not name.startswith("docx")
        return original(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert isinstance(oblique.to_apa("latex"), str)


def test_a_matrix_is_said_to_be_given(hs9):
    R, n = hs9
    assert "from given correlations" in pm.efa(R, 3, n_obs=n, seed=1).to_apa("text")
