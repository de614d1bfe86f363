"""Reading YAML quickly: libyaml finds the tokens, PyYAML's own classes make nodes and plain data of them.

The scanner in Python takes nine tenths of a reading's time. What libyaml refuses, what no data can be made of, and what the two
may take differently is read by PyYAML alone: neither data nor errors hang on how PyYAML was built. The nodes are made in
Python in both cases, so that a text that is nested too deeply ends in an error, not in a crash.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml
from yaml.composer import Composer

_TAKEN_DIFFERENTLY = re.compile(
    "[\t\ufeff\u0085\u2028\u2029]"  # white space beyond blanks and line feeds
    r"|(?<![^\s\[\]{},:\-?!\"'|>&*`])[!?]"  # tags, and keys that are marked as such
    r"|[|>][-+0-9]*#"
)


def load_text(text: str) -> Any:
    """Return the plain data of a YAML text, or raise a `yaml.YAMLError`, as `yaml.safe_load` does."""
    return _read(text, "get_single_data")


def compose_text(text: str) -> yaml.Node | None:
    """Return the tree of a YAML text, or raise a `yaml.YAMLError`, as `yaml.compose` does."""
    tree: yaml.Node | None = _read(text, "get_single_node")
    return tree


def _read(text: str, what: str) -> Any:
    quick = _quick_loader()
    if quick is not None and not _TAKEN_DIFFERENTLY.search(text):
        try:
            return getattr(quick(text), what)()
        except (yaml.YAMLError, ValueError):
            pass  # PyYAML alone has the last word
    return getattr(yaml.SafeLoader(text), what)()


@cache
def _quick_loader() -> Any:
    """The loader on libyaml's events; None where PyYAML was built without libyaml."""
    if not yaml.__with_libyaml__:
        return None

    class Quick(Composer, yaml.CSafeLoader):
        def __init__(self, text: str) -> None:
            yaml.CSafeLoader.__init__(self, text)
            Composer.__init__(self)

        def compose_scalar_node(self, anchor: dict[Any, yaml.Node]) -> yaml.ScalarNode:
            node = super().compose_scalar_node(anchor)
            if not node.style and "?" in node.value:
                raise yaml.YAMLError("within brackets PyYAML ends a plain text at a question mark")
            return node

    return Quick
