"""Where things stand in a YAML file: the line of a key, and keys that stand there twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml


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
