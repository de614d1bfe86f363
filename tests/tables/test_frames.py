"""Tables are checked against their schema; errors name table, column and row."""

from __future__ import annotations

import pandas as pd
import pytest

from valuelex.errors import TableError
from valuelex.tables import TABLES, check, empty, frame

SCORE = {"completion_id": "c1", "judge_id": "j", "dimension": "d", "score": 3.0, "applicable": True, "rationale": None}


def test_columns_come_typed_and_in_the_order_of_the_schema() -> None:
    table = frame("judgements", [dict(reversed(list(SCORE.items())))])
    assert list(table.columns) == [c.name for c in TABLES["judgements"].columns]
    assert str(table["score"].dtype) == "Float64"
    assert str(table["applicable"].dtype) == "boolean"


@pytest.mark.parametrize("name", sorted(TABLES))
def test_an_empty_table_has_its_columns(name: str) -> None:
    assert list(empty(name).columns) == [c.name for c in TABLES[name].columns]
    assert list(frame(name, []).columns) == [c.name for c in TABLES[name].columns]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"score": 7}, "column score, row 1: '7' must lie between 0 and 6"),
        ({"score": "high"}, "column score, row 1: 'high' is not a number"),
        ({"applicable": "perhaps"}, "column applicable, row 1: 'perhaps' is not true or false"),
        ({"judge_id": None}, "column judge_id, row 1: 'None' must not be empty"),
    ],
)
def test_a_bad_cell_is_named(change: dict, said: str) -> None:
    with pytest.raises(TableError) as error:
        frame("judgements", [SCORE | change])
    assert said in error.value.what


def test_a_choice_outside_the_list_is_named_with_the_list() -> None:
    columns = [c for c in TABLES["completions"].columns if not c.optional]
    with pytest.raises(TableError, match="must be one of ok, refused, invalid, error"):
        check(
            pd.DataFrame([{c.name: "x" if c.kind == "text" else 0 for c in columns}]),
            TABLES["completions"],
            where="completions.csv",
        )


def test_a_repeated_key_is_named() -> None:
    with pytest.raises(TableError, match=r"row 2 repeats the key \(completion_id, judge_id, dimension\)"):
        frame("judgements", [SCORE, SCORE])


def test_a_missing_column_is_named() -> None:
    with pytest.raises(TableError, match="column rationale is missing"):
        frame("judgements", [{k: v for k, v in SCORE.items() if k != "rationale"}])


def test_only_open_ended_tables_keep_further_columns() -> None:
    assert list(frame("loadings", [{"word": "honesty", "F1": 0.5, "F2": 0.1}]).columns) == ["word", "F1", "F2"]
    assert "extra" not in frame("judgements", [SCORE | {"extra": 1}]).columns
