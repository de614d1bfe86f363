"""YAML files that people write for this step, checked against a model: an error names file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from valuelex.errors import BadInput, StudyFileError
from valuelex.tables.yaml_lines import line_of, read_with_lines, repeated_key

Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True)
class Checked(Generic[Form]):
    """A file that has the right form.

    Attributes
    ----------
    path : Path
    form : pydantic model
        Its content.
    plain : dict
        The same as plain data.
    """

    path: Path
    form: Form
    plain: dict[str, Any]
    tree: yaml.Node | None

    def wrong(self, loc: Sequence[Any], what: str, remedy: str) -> BadInput:
        """Return an error at a place in the file, such as ("stems", 3, "text")."""
        return StudyFileError(f"{self.path}, line {line_of(self.tree, loc) or 1}: {what}", remedy)


def read_checked(path: Path, form: type[Form], example: str) -> Checked[Form]:
    """Read a YAML file and check its form.

    Parameters
    ----------
    path : Path
    form : pydantic model
    example : str
        What the file should look like, for the error.

    Raises
    ------
    StudyFileError
        With file, line and key: no file, no YAML, a key that is unknown, missing, twice there or of another kind.
    """
    if not path.is_file():
        raise StudyFileError(f"{path}: does not exist.", "Give a YAML file, relative to the study file.")
    tree, content = read_with_lines(path, StudyFileError)
    if (twice := repeated_key(tree)) is not None:
        raise StudyFileError(f"{path}, line {twice[1]}: key '{twice[0]}' stands twice.", "Keep one of the two.")
    if not isinstance(content, dict):
        raise StudyFileError(f"{path}, line 1: is no mapping.", f"Write {example}.")
    try:
        return Checked(path, form.model_validate(content), content, tree)
    except ValidationError as error:
        raise _explain(path, tree, error, form) from error


def _explain(path: Path, tree: yaml.Node | None, error: ValidationError, form: type[BaseModel]) -> StudyFileError:
    # A key that is not known is most often why another one is missing.
    first = next((e for e in error.errors() if e["type"] == "extra_forbidden"), error.errors()[0])
    loc = list(first["loc"])
    where, key = f"{path}, line {line_of(tree, loc) or 1}", ".".join(str(part) for part in loc)
    if first["type"] == "extra_forbidden":
        known = _known(form, loc[:-1])
        close = difflib.get_close_matches(str(loc[-1]), known, n=1)
        remedy = f"Did you mean '{close[0]}'?" if close else f"Known keys here: {', '.join(known)}."
        return StudyFileError(f"{where}: unknown key '{key}'.", remedy)
    if first["type"] == "missing":
        return StudyFileError(f"{where}: key '{key}' is missing.", f"Add it: {loc[-1]}: ...")
    said = first["msg"].removeprefix("Value error, ")
    return StudyFileError(f"{where}: {key}: {said} (it is {str(first.get('input'))[:60]!r}).", "Mend this line.")


def _known(form: type[BaseModel], loc: Sequence[Any]) -> list[str]:
    """The keys that may stand at a place: lists of models are followed."""
    current: Any = form
    for part in loc:
        if isinstance(part, str) and part in getattr(current, "model_fields", {}):
            inner = current.model_fields[part].annotation
            current = next((a for a in getattr(inner, "__args__", ()) if hasattr(a, "model_fields")), inner)
    return sorted(getattr(current, "model_fields", {}))
