"""Imported ratings as files of the study: ratings/human_R1.csv, human_R1_2.csv, ...; only added to, and one more judge each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from valuelex.errors import BadInput, DataError, writing
from valuelex.projective.judging.plan import usable_texts
from valuelex.projective.manual import check_manual
from valuelex.projective.ratings.sheet import fingerprint
from valuelex.projective.settings import HUMAN
from valuelex.tables import read_frame, replace_file
from valuelex.tables.frames import check
from valuelex.tables.inert_csv import to_csv
from valuelex.tables.schema import Column, Table

FOLDER = "ratings"
TABLE = Table(
    "ratings",
    "one rating by a person",
    (
        Column("completion_id", "text", "the completion"),
        Column("rater", "text", "who rated"),
        Column("dimension", "text", "the scale"),
        Column("score", "number", "0-6; empty where not applicable", nullable=True, low=0, high=6),
        Column("applicable", "bool", "false: the sentence says nothing on the scale"),
        Column("comment", "text", "the rater's own words", nullable=True),
        Column("text", "text", "digest of the sentence that was rated"),
    ),
    ("completion_id", "rater", "dimension"),
)
_RATING = ["score", "applicable", "text"]


def rating_files(folder: Path) -> list[Path]:
    """Return the imported ratings of a study, in their order."""
    return sorted((folder / FOLDER).glob("human_*.csv"))


def read_ratings(folder: Path) -> pd.DataFrame:
    """Return all imported ratings; no rows where there are none.

    Raises
    ------
    TableError
        If a file was changed so that it is none any more.
    DataError
        If two files hold the same rating.
    """
    parts = [check(read_frame(path), TABLE, where=str(path)).assign(file=path.name) for path in rating_files(folder)]
    if not parts:
        return pd.DataFrame(columns=[*(c.name for c in TABLE.columns), "file"])
    table = pd.concat(parts, ignore_index=True)
    twice = table[table.duplicated(list(TABLE.key))]
    if len(twice):
        row = twice.iloc[0]
        raise DataError(
            f"{FOLDER}/{row['file']}: {row['rater']} rates the completion {row['completion_id']} on {row['dimension']} twice.",
            "Remove one of the two rows.",
        )
    return table


def add_ratings(folder: Path, ratings: Sequence[Mapping[str, Any]]) -> tuple[list[Path], int]:
    """Write ratings that are new into new files, one per rater; return the files and how many ratings were there already.

    Raises
    ------
    BadInput
        If a rating differs from one that was imported before.
    """
    known = read_ratings(folder).set_index(list(TABLE.key))
    new: dict[str, list[Mapping[str, Any]]] = {}
    same = 0
    for row in ratings:
        place = tuple(row[name] for name in TABLE.key)
        if place not in known.index:
            new.setdefault(str(row["rater"]), []).append(row)
            continue
        before = known.loc[place]
        was = None if pd.isna(before["score"]) else float(before["score"])
        if (was, bool(before["applicable"]), before["text"]) != tuple(row[name] for name in _RATING):
            raise BadInput(
                f"{row['rater']} rated the completion {row['completion_id']} on {row['dimension']} before "
                f"({FOLDER}/{before['file']}), and otherwise. Nothing was imported.",
                "Leave the rating as it was, or take the earlier file out of the folder by hand.",
            )
        same += 1
    written = []
    for rater, rows in new.items():
        number = 1 + sum(path.name.startswith((f"human_{rater}.", f"human_{rater}_")) for path in rating_files(folder))
        path = folder / FOLDER / (f"human_{rater}.csv" if number == 1 else f"human_{rater}_{number}.csv")
        if path.exists():
            raise BadInput(f"{path} exists already.", "Give the files of the folder their own names back.")
        table = check(pd.DataFrame(rows), TABLE, where=str(path))
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, to_csv(table))
        written.append(path)
    return written, same


def human_judgements(
    ratings: pd.DataFrame, completions: pd.DataFrame, instrument: pd.DataFrame, manual: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return rows of the table `judgements`, with the judges human:R1, human:R2, ...; what was not rated has no row.

    Raises
    ------
    DataError
        If a rated completion or scale is not (any more) part of the study, or its text has changed since it was rated.
    """
    texts = usable_texts(completions, instrument)
    scales = {str(entry["subdimension"]) for entry in check_manual(manual)}
    now = {completion_id: fingerprint(*pair) for completion_id, pair in texts.items()}
    rows: list[dict[str, Any]] = []
    for row in ratings.to_dict("records"):
        where, completion_id = f"{FOLDER}/{row['file']}", str(row["completion_id"])
        remedy = "Take this file out of the folder ratings/, or go back to the completions that were rated."
        if completion_id not in now:
            raise DataError(f"{where}: the completion {completion_id} is no usable one of this study.", remedy)
        if now[completion_id] != row["text"]:
            raise DataError(f"{where}: the text of {completion_id} has changed since it was rated.", remedy)
        if row["dimension"] not in scales:
            raise DataError(f"{where}: '{row['dimension']}' is no scale of the manual.", remedy)
        rows.append(
            {
                "completion_id": completion_id,
                "judge_id": f"{HUMAN}{row['rater']}",
                "dimension": row["dimension"],
                "score": None if pd.isna(row["score"]) else float(row["score"]),
                "applicable": bool(row["applicable"]),
                "rationale": None if pd.isna(row["comment"]) else row["comment"],
                "position": None,
            }
        )
    return rows
