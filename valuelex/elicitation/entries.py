"""Reading a list of entries (prompts, example sets) from a YAML file, with errors that name file, entry and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from valuelex.errors import StudyFileError
from valuelex.tables import load_yaml

Entry = TypeVar("Entry", bound=BaseModel)


def read_entries(path: Path, key: str, kind: type[Entry], sample: str) -> list[Entry]:
    """Return the entries under `key` of a file, or of a file that is the list itself.

    Raises
    ------
    StudyFileError
        If there is no such list (`sample` then shows one), or an entry has another form.
    """
    content: Any = load_yaml(path)
    rows = content.get(key) if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise StudyFileError(f"{path}: holds no list of {key}.", f"Write {key}: [{sample}].")
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(kind.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(p) for p in first["loc"])
            noun = key.removesuffix("s")
            raise StudyFileError(f"{path}, {noun} {number}, {where}: {first['msg']}.", "Mend this key.") from error
    return found
