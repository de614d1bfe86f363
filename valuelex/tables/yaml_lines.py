"""YAML files that people write: where things stand in them, so that an error can name the line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from valuelex.errors import BadInput
from valuelex.tables.yaml_text import compose_text, load_text


def read_with_lines(path: Path, wrong: type[BadInput] = BadInput) -> tuple[yaml.Node | None, Any]:
    """Return a YAML file's tree, which knows where everything stands, and its content as plain data.

    Raises
    ------
    BadInput
        Or the child that `wrong` names: if the file cannot be read, or is no YAML, with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return compose_text(text), load_text(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise wrong(f"{path}, line {line}: not valid YAML ({error.problem}).", "Mend this line.") from error
    except yaml.YAMLError as error:
        raise wrong(f"{path}: not valid YAML ({str(error).splitlines()[0]}).", "Write plain text.") from error
    except (OSError, ValueError) as error:
        raise wrong(f"{path}: cannot be read ({error}).", "Check the file's name and encoding (UTF-8).") from error


def line_of(node: yaml.Node | None, loc: Sequence[Any]) -> int | None:
    """Return the line, from 1, of the deepest part of `loc` (keys and positions) that the file holds."""
    line = node.start_mark.line + 1 if node else None
    for part in loc:
        found = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    found, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = node.value[part]
            line = found.start_mark.line + 1
        if found is None:
            break
        node = found
    return line


def repeated_key(node: yaml.Node | None) -> tuple[str, int] | None:
    """Return the first key that stands twice in one mapping, and its line: PyYAML would silently take the last one."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                return name, key.start_mark.line + 1
            seen.add(name)
            if (found := repeated_key(value)) is not None:
                return found
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            if (found := repeated_key(value)) is not None:
                return found
    return None
