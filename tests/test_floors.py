"""The floors are a rule that lives with the code: a module imports only from floors below its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import valuelex

PACKAGE = Path(valuelex.__file__).parent

FLOORS = {
    "errors": 0,
    "_version": 0,
    "resources": 0,
    "tables": 1,
    "models": 2,
    "semantics": 2,
    "psychometrics": 2,
    "elicitation": 3,
    "lexicon": 3,
    "taxonomy": 3,
    "projective": 3,
    "comparison": 3,
    "study": 4,
    "report": 5,
    "cli": 6,
    "__main__": 6,
    "__init__": 6,
}
"""Each room and its floor. A new room gets a line here, with its reason in the pull request."""


def imported_rooms(tree: ast.AST, here: list[str]) -> list[tuple[int, str]]:
    """(line, room) of every import of the package itself; `if TYPE_CHECKING:` blocks do not count."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            skipped |= {id(inner) for child in node.body for inner in ast.walk(child)}
    found = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            parts = [a.name.split(".") for a in node.names]
            found += [(node.lineno, p[1]) for p in parts if p[0] == "valuelex" and len(p) > 1]
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").split(".")
            if node.level:
                path = here[: len(here) - node.level + 1] + [m for m in module if m]
            elif module[0] == "valuelex":
                path = module[1:]
            else:
                continue
            found += [(node.lineno, path[0])] if path else [(node.lineno, a.name) for a in node.names]
    return found


def breaches(source: str, room: str, here: list[str]) -> list[str]:
    return [
        f"line {line}: {room} (floor {FLOORS[room]}) imports {target} (floor {FLOORS[target]})"
        for line, target in imported_rooms(ast.parse(source), here)
        if target in FLOORS and target != room and FLOORS[target] >= FLOORS[room]
    ]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    relative = path.relative_to(PACKAGE)
    room = relative.parts[0].removesuffix(".py")
    assert room in FLOORS, f"the room {room} has no floor"
    assert breaches(path.read_text(encoding="utf-8"), room, list(relative.parts[:-1])) == []


@pytest.mark.parametrize(
    ("source", "room"),
    [
        ("from valuelex.lexicon import parse", "taxonomy"),
        ("import valuelex.report", "study"),
        ("from ..models import Ledger", "semantics"),
        ("def f():\n    from valuelex import cli", "report"),
    ],
)
def test_a_sideways_or_upward_import_is_seen(source: str, room: str) -> None:
    assert breaches(source, room, [room])


def test_type_checking_imports_do_not_count() -> None:
    assert breaches("if TYPE_CHECKING:\n    from valuelex.report import render", "study", ["study"]) == []
