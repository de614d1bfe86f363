"""Sheets for people: blinded, coded, checked when they come back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.projective.conftest import endpoint
from tests.projective.judging.test_run import INSTRUMENT, MANUAL
from valuelex.errors import BadInput, DataError, TableError
from valuelex.projective import add_ratings, human_judgements, rating_sheets, read_ratings, read_returned, to_xlsx
from valuelex.projective.ratings.sheet import fingerprint
from valuelex.tables import frame
from valuelex.tables.inert_csv import to_csv

ITEMS = INSTRUMENT.assign(form=["A", "B"])


def completions(models=("vega-9", "lyra"), samples=2, text="be kind, says vega-9.") -> pd.DataFrame:
    rows = [
        {"completion_id": f"{m}-{i}-{s}", "item_id": i, "respondent_id": m, "model_id": m, "sample_index": s,
         "text": f"{text} {i}{s}", "status": "ok",
         **dict.fromkeys(("status_reason", "seed", "n_tokens_in", "n_tokens_out", "latency_s"))}
        for i in ("i1", "i2") for m in models for s in range(samples)
    ]  # fmt: skip
    return frame("completions", rows)


def made(table=None, **keys):
    return rating_sheets(completions() if table is None else table, ITEMS, MANUAL, seed=3, **keys)


def filled(sheets, folder: Path, kind: str, value=lambda code, scale: "4") -> list[Path]:
    paths = []
    for rater, sheet in sheets.sheets.items():
        out = sheet.copy()
        for heading, scale in sheets.key["columns"].items():
            out[heading] = [value(code, scale) for code in out["completion_code"]]
        path = folder / f"{rater}.{kind}"
        path.write_bytes(to_csv(out) if kind == "csv" else to_xlsx(out, MANUAL))
        paths.append(path)
    return paths


def edited(path: Path, change) -> Path:
    rows = list(csv.reader(io.StringIO(path.read_text(), newline="")))
    change(rows)
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    path.write_text(out.getvalue())
    return path


def test_the_sheet_is_blind_and_each_rater_has_an_order_of_its_own():
    judged = [endpoint("vega-9", name="Vega Nine"), endpoint("lyra")]
    sheets = made(population=judged, raters=3)
    one, two = sheets.sheets["R1"], sheets.sheets["R2"]
    assert list(one.columns) == ["rater", "completion_code", "stem", "completion", "Social", "Ethical", "comment"]
    assert set(one["completion_code"]) == set(two["completion_code"]) and len(one) == 8
    assert one["completion_code"].tolist() != two["completion_code"].tolist()
    text = to_csv(one).decode()
    assert "be kind, says [model]." in text and "[model]" in text
    own = one[one["completion_code"].map(lambda c: sheets.key["codes"][c]["completion_id"].startswith("vega"))]
    assert not own["completion"].str.contains("vega").any()
    assert not any(i in text for i in ("vega-9-i1", "lyra-i1"))
    assert one[["Social", "Ethical", "comment"]].eq("").all(axis=None)
    pd.testing.assert_frame_equal(one, made(population=judged, raters=3).sheets["R1"])


def test_whole_stems_are_drawn():
    chosen = [c["completion_id"] for c in made(n=4).key["codes"].values()]
    assert len({i.split("-i")[1][0] for i in chosen}) == 1, "one stem, all models and samples"
    forms = [c["completion_id"] for c in made(form="B").key["codes"].values()]
    assert len(forms) == 4 and all("i2" in i for i in forms)
    drawn = {tuple(sorted(c["completion_id"] for c in rating_sheets(
        completions(), ITEMS, MANUAL, n=4, seed=s).key["codes"].values())) for s in range(8)}  # fmt: skip
    assert len(drawn) == 2


@pytest.mark.parametrize("keys", [{"raters": 0}, {"raters": 99}, {"n": 0}, {"form": "C"}])
def test_arguments_out_of_range(keys):
    with pytest.raises(BadInput, match="--"):
        made(**keys)


def test_nothing_to_rate():
    table = completions()
    table["status"] = "refused"
    with pytest.raises(BadInput, match="none is usable"):
        made(table)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_was_filled_in_comes_back(tmp_path, kind):
    sheets = made(raters=2)
    value = lambda code, scale: {"Social": "6", "Ethical": "NA"}[scale] if code[0] < "N" else ""  # noqa: E731
    found = pd.DataFrame(read_returned(filled(sheets, tmp_path, kind, value), sheets.key))
    codes = [c for c in sheets.key["codes"] if c[0] < "N"]
    assert len(found) == 2 * 2 * len(codes) > 0
    assert found.groupby("dimension")["score"].agg(["count", "size"]).loc["Social"].nunique() == 1
    assert found.loc[found["dimension"] == "Ethical", "score"].isna().all()
    assert not found.loc[found["dimension"] == "Ethical", "applicable"].any()
    assert set(found["rater"]) == {"R1", "R2"}


def test_a_workbook_refuses_other_values_and_computes_nothing(tmp_path):
    table = completions(text="=HYPERLINK(1)")
    sheets = made(table)
    path = tmp_path / "s.xlsx"
    path.write_bytes(to_xlsx(sheets.sheets["R1"], MANUAL))
    book = openpyxl.load_workbook(path)
    page = book["Ratings"]
    assert page.freeze_panes == "E2"
    [rule] = page.data_validations.dataValidation
    assert rule.formula1 == '"0,1,2,3,4,5,6,NA"' and str(rule.sqref) == "E2:F9"
    assert page["D2"].value.startswith("=HYPERLINK") and page["D2"].data_type == "s"
    text = " ".join(str(c.value) for row in book["Manual"].iter_rows() for c in row)
    assert MANUAL["subdimensions"][0]["definition"] in text
    page["E2"] = 5
    page["F2"] = 3.0
    book.save(path)
    assert [r["score"] for r in read_returned([path], sheets.key)] == [5.0, 3.0]


@pytest.mark.parametrize(
    ("where", "cell", "why"),
    [
        ((1, 4), "7", "line 2, column Social: '7' is no whole number from 0 to 6"),
        ((1, 4), "-1", "'-1'"),
        ((2, 5), "3.5", "line 3, column Ethical: '3.5'"),
        ((2, 5), "high", "'high'"),
        ((1, 4), "nan", "'nan'"),
        ((1, 4), "\x1b[2J7", "no whole number"),
        ((1, 1), "ZZZZZZ", "line 2, column completion_code: 'ZZZZZZ' is no code"),
        ((1, 1), "", "column completion_code: is empty"),
        ((1, 0), "R9", "column rater: 'R9' is none of R1"),
        ((1, 3), "another text", "the text is not the one of"),
        ((0, 5), "Ethics", "line 1: the column 'Ethical' is missing"),
        ((0, 5), "Social", "'Social' stands more than once"),
    ],
)
def test_each_problem_is_named_and_nothing_is_taken(tmp_path, where, cell, why):
    sheets = made(raters=1)
    [path] = filled(sheets, tmp_path, "csv")

    def change(rows):
        rows[where[0]][where[1]] = cell

    with pytest.raises(BadInput) as caught:
        read_returned([edited(path, change)], sheets.key)
    assert why in str(caught.value) and "R1.csv" in str(caught.value) and "nothing was imported" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_all_problems_are_listed_up_to_twenty(tmp_path):
    sheets = made(raters=2, table=completions(samples=8))
    with pytest.raises(BadInput) as caught:
        read_returned(filled(sheets, tmp_path, "csv", lambda c, s: "9"), sheets.key)
    said = str(caught.value)
    assert said.startswith("128 problems") and said.count("is no whole number") == 20 and "and 108 more" in said


def test_duplicates_and_columns_sorted_apart(tmp_path):
    sheets = made(raters=1)
    [path] = filled(sheets, tmp_path, "csv")
    with pytest.raises(BadInput, match="R1 rates .* a second time, first in R1.csv, line 2"):
        read_returned([path, path], sheets.key)
    with pytest.raises(BadInput, match="a second time"):
        read_returned([edited(path, lambda rows: rows.append(rows[1]))], sheets.key)

    def sort_codes(rows):
        codes = sorted(row[1] for row in rows[1:9])
        for row, code in zip(rows[1:9], codes, strict=True):
            row[1] = code

    [path] = filled(sheets, tmp_path, "csv")
    with pytest.raises(BadInput, match="sorted apart"):
        read_returned([edited(path, sort_codes)], sheets.key)


def test_spreadsheets_of_other_countries(tmp_path):
    sheets = made(raters=1)
    [path] = filled(sheets, tmp_path, "csv")
    rows = list(csv.reader(io.StringIO(path.read_text(), newline="")))
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([*rows, [""] * 7])
    path.write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode())
    assert len(read_returned([path], sheets.key)) == 16
    path.write_bytes("rater,é".encode("latin-1"))
    with pytest.raises(BadInput, match="UTF-8"):
        read_returned([path], sheets.key)


@pytest.mark.parametrize(("name", "content"), [("no.xlsx", b"PK no zip"), ("gone.xlsx", None), ("gone.csv", None)])
def test_files_that_cannot_be_read(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=name):
        read_returned([tmp_path / name], made().key)


def test_imports_are_only_added_to(tmp_path):
    sheets = made(raters=2)
    some = read_returned(filled(sheets, tmp_path, "csv", lambda c, s: "4" if s == "Social" else ""), sheets.key)
    files, same = add_ratings(tmp_path, some)
    assert [p.name for p in files] == ["human_R1.csv", "human_R2.csv"] and same == 0
    before = {p: p.read_bytes() for p in files}
    everything = read_returned(filled(sheets, tmp_path, "csv"), sheets.key)
    files, same = add_ratings(tmp_path, everything)
    assert [p.name for p in files] == ["human_R1_2.csv", "human_R2_2.csv"] and same == 16
    assert all(p.read_bytes() == content for p, content in before.items())
    assert len(read_ratings(tmp_path)) == 32
    other = read_returned(filled(sheets, tmp_path, "csv", lambda c, s: "0"), sheets.key)
    with pytest.raises(BadInput, match="and otherwise"):
        add_ratings(tmp_path, other)
    assert len(read_ratings(tmp_path)) == 32


def test_ratings_become_judgements(tmp_path):
    sheets = made(raters=1)
    table = completions()
    add_ratings(
        tmp_path,
        read_returned(filled(sheets, tmp_path, "csv", lambda c, s: "NA" if s == "Social" else "2"), sheets.key),
    )
    ratings = read_ratings(tmp_path)
    rows = frame("judgements", human_judgements(ratings, table, ITEMS, MANUAL))
    assert set(rows["judge_id"]) == {"human:R1"} and len(rows) == 16
    assert rows.groupby("dimension")["applicable"].all().to_dict() == {"Social": False, "Ethical": True}
    changed = table.copy()
    changed.loc[0, "text"] = "something else."
    with pytest.raises(DataError, match="has changed since it was rated"):
        human_judgements(ratings, changed, ITEMS, MANUAL)
    with pytest.raises(DataError, match="no usable one"):
        human_judgements(ratings, table.iloc[1:], ITEMS, MANUAL)
    with pytest.raises(DataError, match="'Else' is no scale"):
        human_judgements(ratings.assign(dimension="Else"), table, ITEMS, MANUAL)
    assert human_judgements(read_ratings(tmp_path / "none"), table, ITEMS, MANUAL) == []


def test_a_file_that_was_changed_by_hand(tmp_path):
    sheets = made(raters=1)
    [path], _ = add_ratings(tmp_path, read_returned(filled(sheets, tmp_path, "csv"), sheets.key))
    path.write_text(path.read_text().replace("4.0", "44.0", 1))
    with pytest.raises(TableError, match="human_R1.csv"):
        read_ratings(tmp_path)


def test_scales_of_awkward_names():
    manual = {
        **MANUAL,
        "subdimensions": [{**MANUAL["subdimensions"][0], "subdimension": name} for name in ("stem", "=A")],
    }
    sheets = rating_sheets(completions(), ITEMS, manual, seed=1)
    assert sheets.key["columns"] == {"scale: stem": "stem", "scale: =A": "=A"}


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_a_fingerprint_survives_what_spreadsheets_do(stem, completion):
    changed = completion.replace("\n", "\r\n").replace('"', "”")
    assert fingerprint(stem, completion) == fingerprint(f"'{stem} ", changed)
