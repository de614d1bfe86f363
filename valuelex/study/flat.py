"""Settings as flat keys (``taxonomy.bootstrap``), and how two sets of them differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

NOT_THERE = "(not there)"
LONGEST = 120
"""Characters of a value that are shown."""


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return dotted key -> value; items of a list that have an id are keyed by it, other lists stay whole."""
    if isinstance(value, Mapping) and value:
        out: dict[str, Any] = {}
        for key, inner in value.items():
            out |= flat(inner, f"{prefix}.{key}" if prefix else str(key))
        return out
    if isinstance(value, list) and value and all(isinstance(v, Mapping) and "id" in v for v in value):
        out = {}
        for item in value:
            out |= flat({k: v for k, v in item.items() if k != "id"} or {"there": True}, f"{prefix}[{item['id']}]")
        return out
    return {prefix: value}


def changed(
    old: Mapping[str, Any], new: Mapping[str, Any], *, longest: int | None = None
) -> list[tuple[str, str, str]]:
    """Return (key, old, new) of every key whose value differs, in the order of the old, then of the new."""
    keys = [*old, *(k for k in new if k not in old)]
    return [
        (key, _shown(old, key, longest or LONGEST), _shown(new, key, longest or LONGEST))
        for key in keys
        if (key in old) != (key in new) or old[key] != new[key]
    ]


def _shown(values: Mapping[str, Any], key: str, longest: int) -> str:
    if key not in values:
        return NOT_THERE
    value = values[key]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
