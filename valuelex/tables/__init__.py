"""Floor 1: the schema of every table, and typed reading and writing."""

from valuelex.tables.files import (
    canonical_json,
    digest,
    digest_json,
    files_of,
    load_yaml,
    own_or_packaged,
    read,
    read_frame,
    read_input,
    replace_file,
    write,
)
from valuelex.tables.frames import check, empty, frame
from valuelex.tables.schema import CSV_ONLY, DOCUMENTS, PERSONS, STATUSES, TABLES, VALENCES, Column, Table

__all__ = [
    "CSV_ONLY",
    "DOCUMENTS",
    "PERSONS",
    "STATUSES",
    "TABLES",
    "VALENCES",
    "Column",
    "Table",
    "canonical_json",
    "check",
    "digest",
    "digest_json",
    "empty",
    "files_of",
    "frame",
    "load_yaml",
    "own_or_packaged",
    "read",
    "read_frame",
    "read_input",
    "replace_file",
    "write",
]
