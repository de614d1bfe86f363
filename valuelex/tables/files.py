"""Typed read and write: Parquet with CSV beside it, JSON and YAML documents, all written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from valuelex.errors import BadInput, TableError, writing
from valuelex.resources import find
from valuelex.tables.frames import check
from valuelex.tables.inert_csv import from_csv, to_csv
from valuelex.tables.schema import CSV_ONLY, DOCUMENTS, TABLES, Table

CSV_LIMIT = 100 * 2**20
"""Bytes above which no CSV is written beside the Parquet file."""

Output = pd.DataFrame | dict[str, Any] | str


def files_of(name: str, folder: Path) -> list[Path]:
    """The files that may hold the table or document `name`; the first is the one that is read back."""
    if name in DOCUMENTS:
        return [folder / DOCUMENTS[name]]
    if name in CSV_ONLY:
        return [folder / f"{name}.csv"]
    return [folder / f"{name}.parquet", folder / f"{name}.csv"]


def write(name: str, value: Output, folder: Path) -> list[Path]:
    """Write a table or document into `folder`; each file appears whole, by renaming a finished temporary one.

    Returns the files written. Raises `ResultsFolderError` when the folder refuses (permissions, disk full).
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if isinstance(value, pd.DataFrame):
        return _write_table(name, value, folder)
    path = files_of(name, folder)[0]
    if isinstance(value, str):
        text = value
    elif path.suffix == ".yaml":
        import yaml

        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)
    else:
        text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, allow_nan=False) + "\n"
    replace_file(path, text.encode())
    return [path]


def _write_table(name: str, data: pd.DataFrame, folder: Path) -> list[Path]:
    written = []
    for path in files_of(name, folder):
        if path.suffix == ".parquet":
            import pyarrow as pa

            sink = pa.BufferOutputStream()
            data.to_parquet(sink, index=False)
            content = sink.getvalue().to_pybytes()
        else:
            if _least_csv(data) > CSV_LIMIT:
                continue
            content = to_csv(data)
            if len(content) > CSV_LIMIT:
                continue
        replace_file(path, content)
        written.append(path)
    return written


def _least_csv(data: pd.DataFrame) -> int:
    """Bytes that the CSV has at the least, without making it: texts, a digit per number, separators."""
    import pyarrow as pa
    import pyarrow.compute as pc

    total = len(data) * len(data.columns)
    for name in data.columns:
        if isinstance(data[name].dtype, pd.StringDtype):
            total += pc.sum(pc.binary_length(pa.array(data[name]))).as_py() or 0
        else:
            total += int(data[name].notna().sum())
    return total


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, then rename it over `path`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with writing(path):
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def read(name: str, folder: Path) -> Any:
    """Read a table (typed DataFrame) or document (dict or text) back from `folder`."""
    path = next((p for p in files_of(name, folder) if p.is_file()), None)
    if path is None:
        raise TableError(
            f"{files_of(name, folder)[0]} does not exist.", "Run the stage that writes it: valuelex status shows which."
        )
    if name in TABLES:
        return check(read_frame(path), TABLES[name], where=str(path))
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        return text
    try:
        if path.suffix == ".json":
            return json.loads(text)
        from valuelex.tables.yaml_text import load_text

        return load_text(text)
    except ValueError as error:
        raise BadInput(f"{path}: cannot be parsed ({error}).", "Delete the file and run its stage again.") from error


def read_frame(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet file; an unreadable one is a `TableError`."""
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pd.read_parquet(path)
        if path.suffix.lower() in (".csv", ".tsv", ".txt"):
            return from_csv(path, "," if path.suffix.lower() == ".csv" else "\t")
    except (OSError, ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise TableError(
            f"{path}: cannot be read ({str(error).splitlines()[0]}).", "Give a CSV or Parquet file."
        ) from error
    raise TableError(
        f"{path}: files ending in {path.suffix or 'nothing'} cannot be read.", "Give a CSV or Parquet file."
    )


def read_input(name: str, path: Path) -> pd.DataFrame:
    """Read a table that someone else made, fill the columns that only an earlier stage could know, and check it.

    Filled: `default` of the schema; running ids; a respondent for a missing model and the reverse.

    Raises
    ------
    TableError
        For an unknown table name, a missing essential column, or a value the schema forbids.
    """
    if name not in TABLES:
        raise TableError(f"inputs: {name} is no table.", f"The tables are {', '.join(TABLES)}.")
    table = TABLES[name]
    if not path.is_file():
        raise TableError(
            f"inputs: {name}: {path} does not exist.", "Give a CSV or Parquet file, relative to the study file."
        )
    data = _gathered(read_frame(path), table, path)
    missing = [c.name for c in table.columns if c.essential and c.name not in data.columns]
    if missing:
        raise TableError(
            f"{path}: column {', '.join(missing)} is missing.",
            f"The table {name} needs {', '.join(c.name for c in table.columns if c.essential)}; a row is {table.row}.",
        )
    return check(_fill(data, table), table, where=str(path))


def _gathered(data: pd.DataFrame, table: Table, where: Path) -> pd.DataFrame:
    """A file with one column for each name (a model's scores side by side) as the long table that it stands for."""
    if table.spread is None:
        return data
    data = data.rename(columns={"model": "model_id"}) if "model_id" not in data.columns else data
    if set(table.spread) & set(data.columns):
        return data
    kept = [c.name for c in table.columns if c.name in data.columns]
    repeated = data.duplicated(kept).to_numpy()
    if repeated.any():
        row = int(repeated.argmax())
        first = int((data[kept] == data[kept].iloc[row]).all(axis=1).to_numpy().argmax())
        raise TableError(
            f"{where}, row {row + 1}: '{data[kept[0]].iloc[row]}' stands in row {first + 1} already.",
            "Keep one of the two rows.",
        )
    spread = [n for n in data.columns if n not in kept and pd.to_numeric(data[n], errors="coerce").notna().any()]
    names, values = table.spread
    long = data.melt(id_vars=kept, value_vars=spread, var_name=names, value_name=values)
    return long.dropna(subset=[values]).reset_index(drop=True) if spread else data


def _fill(data: pd.DataFrame, table: Table) -> pd.DataFrame:
    data = data.copy()
    have = set(data.columns)
    names = [c.name for c in table.columns]
    if "model_id" in names and "model_id" not in have and "respondent_id" in have:
        data["model_id"] = data["respondent_id"]
    if "respondent_id" in names and "respondent_id" not in have and "model_id" in have:
        data["respondent_id"] = data["model_id"]
    if table.name == "words":
        if "response_id" not in have:
            data["response_id"] = data["respondent_id"]
        if "position" not in have:
            data["position"] = data.groupby("response_id", sort=False).cumcount()
        if "raw" not in have:
            data["raw"] = data["word"]
    for column in table.columns:
        if column.name in data.columns:
            if column.default is not None and not column.nullable:
                data[column.name] = data[column.name].where(data[column.name].notna(), column.default)
            continue
        if column.name in table.key and column.name.endswith("_id") and not column.nullable and column.default is None:
            data[column.name] = [f"{table.name}-{row + 1}" for row in range(len(data))]
        elif column.default is not None:
            data[column.name] = column.default
        elif column.kind == "int" and not column.nullable:
            data[column.name] = 0
        else:
            data[column.name] = None
    return data


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_json(value: Mapping[str, Any] | list[Any]) -> str:
    """Return the SHA-256 of the canonical JSON of `value`, in hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces, and no NaN: the same value always gives the same text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def load_yaml(path: Path) -> Any:
    """Read a YAML file; raise `BadInput` with file and line when it cannot be parsed."""
    import yaml

    from valuelex.tables.yaml_text import load_text

    try:
        return load_text(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BadInput(f"{path}{line}: not valid YAML ({error.problem}).", "Mend this line.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path}: cannot be read ({error}).", "Check the file's name and its encoding (UTF-8)."
        ) from error


def own_or_packaged(source: str, kind: str, suffix: str, folder: Path) -> Path:
    """Return a file of the user's (a path relative to `folder`) or of instruments/`kind`/ (a name).

    Raises
    ------
    BadInput
        If neither exists; the message lists the names that do.
    """
    if source.endswith(suffix):
        path = folder / source
        if not path.is_file():
            raise BadInput(f"{path} does not exist.", "Give a path relative to the study file.")
        return path
    try:
        return find(kind, f"{source}{suffix}")
    except FileNotFoundError as error:
        raise BadInput(f"{error}.", f"Give one of these names, or the path of a {suffix} file of your own.") from error
