"""The same tables straight from call ledgers, without a study: for answers by the million, on one machine or on many.

A ledger is cut into ranges of bytes; a worker reads the lines that begin in its range, makes their rows of `responses`,
reads the answers, and sends back codes. Under ``with joblib.parallel_config("dask"):`` the workers are those of a Dask cluster
that sees the same files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from valuelex.errors import BadInput, SettingError
from valuelex.lexicon.chunks import Readings, join, spread
from valuelex.lexicon.counting import TEXT
from valuelex.lexicon.ledger_rows import row_of
from valuelex.lexicon.normalise import ValueLexicon, open_lexicon
from valuelex.lexicon.reading import Reader
from valuelex.lexicon.run import DESIGN, Survey, finish, usable
from valuelex.lexicon.settings import LexiconSettings
from valuelex.semantics import Embedder
from valuelex.tables import TABLES, frame

BLOCK = 32 * 2**20
"""Bytes of a ledger that a worker reads at once."""

_KINDS = {column.name: column.kind for column in TABLES["responses"].columns}
ROW = ("key", "usable", *_KINDS)
"""What is read of a line, in this order."""


class _Part(NamedTuple):
    """One range of one ledger: its rows as a pyarrow table, their words, and how many lines were no calls."""

    rows: Any
    readings: Readings
    set_aside: int


@dataclass(frozen=True, eq=False)
class Built:
    """What a build made.

    Attributes
    ----------
    tables : dict
        `responses` and all tables of the step.
    set_aside : int
        Lines that are no call, or calls without a place in the design where only placed ones were wanted.
    superseded : int
        Records of calls that another record of the same call replaces.
    """

    tables: dict[str, pd.DataFrame]
    set_aside: int
    superseded: int


def build(
    ledgers: Sequence[Path],
    settings: LexiconSettings,
    *,
    embedder: Embedder | None,
    folder: Path,
    survey: Survey | None = None,
    only_placed: bool = False,
    block: int = BLOCK,
    n_jobs: int | None = None,
) -> Built:
    """Return `responses` and the tables of the step from call ledgers.

    A row's place in the design (respondent_id, prompt_id, elicitation, persona, language, wording, order, examples) is what the
    ledger's line says under "place". A line without one gets the respondent from model, temperature, top_p and a hash of the
    system message, and the prompt from a hash of the user's messages or the prompt. Of several records of one call the first
    usable one counts, else the last. Answers are labelled as in the step `elicit`. Calls of the log-probability mode are left
    out: which words they name, the study's vocabulary says. The tables depend on the ledgers and their order, not on `block`
    or the workers.

    Parameters
    ----------
    ledgers : sequence of Path
        Files of the form of ``calls.jsonl``, in the order in which their rows shall stand.
    settings : LexiconSettings
        As for `run`.
    embedder : Embedder or None
        Decides on words outside the value lexicon.
    folder : Path
        Where a value lexicon of one's own is looked for.
    survey : Survey, optional
        Seed, facts about the models, example sets and vocabulary, as for `run`.
    only_placed : bool
        Whether lines without a place are left out: a study's ledger also holds stems and judges.
    block : int
        Bytes per range.
    n_jobs : int or None
        Worker processes. None takes what `joblib.parallel_config` says, else every core.

    Raises
    ------
    BadInput
        If a ledger cannot be read.
    """
    if block < 1:
        raise SettingError(f"block={block} is out of range.", "Give the number of bytes that are read at once.")
    lexicon = open_lexicon(settings, folder)
    shown = dict((survey or Survey()).examples or {})
    tasks = [
        (path, start, start + block, lexicon, only_placed, shown)
        for path in ledgers
        for start in range(0, _size(path), block)
    ]
    small = sum(_size(path) for path in ledgers) <= block  # less work than starting workers
    parts: list[_Part] = list(spread(_read_range, tasks, 1 if small and n_jobs is None else n_jobs))
    readings = join(part.readings for part in parts)
    rows = _concat([part.rows for part in parts])
    set_aside = sum(part.set_aside for part in parts)
    del parts
    chosen = _first_usable(rows["key"], rows.pop("usable").to_numpy(dtype=bool))
    ok = (rows["status"] == "ok").to_numpy(dtype=bool)
    readings = readings.only(chosen[ok])
    superseded = int(np.sum(~chosen))
    rows = rows.drop(columns="key")
    responses = frame("responses", rows if superseded == 0 else rows[chosen])
    del rows
    release()
    answers = usable(responses[[*DESIGN, "status"]])
    made = finish(readings, answers, settings, lexicon, embedder, survey or Survey(), folder)
    return Built({"responses": responses, **made}, set_aside, superseded)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}).", "Give call ledgers (calls.jsonl).") from error


def _read_range(
    path: Path, start: int, stop: int, lexicon: ValueLexicon, only_placed: bool, shown: Mapping[str, Sequence[str]]
) -> _Part:
    """Read the lines that begin in a range of bytes."""
    import pyarrow as pa

    reader = Reader(lexicon)
    rows: list[tuple[Any, ...]] = []
    codes: list[int] = []
    per_answer: list[int] = []
    set_aside = 0
    with path.open("rb") as file:
        if start:
            file.seek(start - 1)
            file.readline()  # the line that the range before this one reads to its end
        while file.tell() < stop and (line := file.readline()):
            row = row_of(line, only_placed, shown)
            if row is None:
                set_aside += line.strip() != b""
                continue
            rows.append(tuple(row.values()))
            if row["status"] == "ok":
                found = reader.codes(row["text"], row["status_reason"], row["language"] or "en")
                codes.extend(found)
                per_answer.append(len(found))
    columns = zip(*rows, strict=True) if rows else ([] for _ in ROW)
    table = pa.table({name: pa.array(cells, _types()[name]) for name, cells in zip(ROW, columns, strict=True)})
    readings = Readings(reader.entries, np.array(codes, dtype=np.int32), np.array(per_answer, dtype=np.int32))
    return _Part(table, readings, set_aside)


def _concat(tables: Sequence[Any]) -> pd.DataFrame:
    import pyarrow as pa

    if not tables:
        return pd.DataFrame({name: [] for name in ROW})
    dtypes = {pa.large_string(): TEXT, pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype()}
    table = pa.concat_tables(tables).combine_chunks()
    return table.to_pandas(types_mapper=dtypes.get, self_destruct=True, split_blocks=True)


def release() -> None:
    """Give memory that pyarrow keeps for later back to the system."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _types() -> dict[str, Any]:
    import pyarrow as pa

    kinds = {"text": pa.large_string(), "int": pa.int64(), "number": pa.float64(), "bool": pa.bool_()}
    return {"key": pa.large_string(), "usable": pa.bool_(), **{name: kinds[kind] for name, kind in _KINDS.items()}}


def _first_usable(keys: pd.Series, usable_: np.ndarray) -> np.ndarray:
    """Which rows stand for their call: the first usable record, else the last one."""
    code = pd.factorize(keys)[0]
    chosen = np.full(int(code.max(initial=-1)) + 1, -1, dtype=np.int64)
    chosen[code] = np.arange(code.size)  # the last one
    good = np.nonzero(usable_)[0][::-1]
    chosen[code[good]] = good  # the first usable one, written last
    out = np.zeros(code.size, dtype=bool)
    out[chosen] = True
    return out
