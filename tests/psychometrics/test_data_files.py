from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from valuelex import psychometrics as pm
from valuelex.errors import DataError


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"a": [1.0, 2.5, np.nan], "b": [4, 5, 6], "née": [0.5, 0.25, 0.75]})


def test_csv_with_commas_with_semicolons_and_with_tabs(table, tmp_path):
    table.to_csv(tmp_path / "plain.csv", index=False)
    table.to_csv(tmp_path / "german.csv", index=False, sep=";", decimal=",", encoding="utf-8-sig")
    table.to_csv(tmp_path / "tabs.tsv", index=False, sep="\t")
    table.to_csv(tmp_path / "blanks.txt", index=False, sep=" ", na_rep="NA")
    for name in ("plain.csv", "german.csv", "tabs.tsv", "blanks.txt"):
        pd.testing.assert_frame_equal(pm.read_data(tmp_path / name), table, check_dtype=False)


def test_parquet_and_columns_in_the_order_asked_for(table, tmp_path):
    table.to_parquet(tmp_path / "t.parquet")
    assert list(pm.read_data(tmp_path / "t.parquet", columns=["b", "a"]).columns) == ["b", "a"]


def test_spss_file_gives_codes_and_missing_values(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pd.DataFrame({"q1": [1.0, 2.0, 9.0, 3.0], "q2": [5.0, np.nan, 4.0, 3.0]})
    labels = {"q1": {1.0: "never", 2.0: "often", 9.0: "no answer"}}
    pyreadstat.write_sav(frame, str(tmp_path / "s.sav"), variable_value_labels=labels, missing_ranges={"q1": [9]})
    found = pm.read_data(tmp_path / "s.sav")
    assert found["q1"].tolist()[:2] == [1.0, 2.0]
    assert found["q1"].isna().tolist() == [False, False, True, False]
    assert found["q2"].isna().sum() == 1


def test_matrix_with_and_without_row_names(tmp_path):
    R = pd.DataFrame([[1, 0.5], [0.5, 1]], columns=["x", "y"], index=["x", "y"])
    R.to_csv(tmp_path / "named.csv")
    R.to_csv(tmp_path / "bare.csv", index=False)
    assert list(pm.read_data(tmp_path / "named.csv", matrix=True).index) == ["x", "y"]
    one = pm.read_data(tmp_path / "named.csv", matrix=True, columns=["y"])
    assert one.shape == (1, 1)
    two = pm.read_data(tmp_path / "bare.csv", matrix=True, columns=["y", "x"])
    assert two.to_numpy().tolist() == [[1, 0.5], [0.5, 1]]


def test_bad_files_are_named(table, tmp_path):
    with pytest.raises(DataError, match=r"none\.csv: there is no such file"):
        pm.read_data(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match="cannot be read"):
        pm.read_data(tmp_path / "empty.csv")
    (tmp_path / "heads.csv").write_text("a,b\n")
    with pytest.raises(DataError, match="0 rows"):
        pm.read_data(tmp_path / "heads.csv")
    (tmp_path / "x.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match="cannot be read"):
        pm.read_data(tmp_path / "x.parquet")
    (tmp_path / "x.docx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"\.docx cannot be read"):
        pm.read_data(tmp_path / "x.docx")
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match=r"no column zz.*\n.*It has: a, b"):
        pm.read_data(tmp_path / "t.csv", columns=["a", "zz"])


def test_broken_spss_file_is_named(tmp_path):
    pytest.importorskip("pyreadstat")
    (tmp_path / "s.sav").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=r"s\.sav: cannot be read"):
        pm.read_data(tmp_path / "s.sav")
