"""Reading by libyaml gives what PyYAML gives: data, positions, errors."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from valuelex.resources import instruments
from valuelex.tables import yaml_text
from valuelex.tables.yaml_text import compose_text, load_text

FILES = sorted(instruments().rglob("*.yaml"))
TRICKY = {
    "empty": "",
    "comment alone": "# nothing\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "repeated key": "a: 1\nb: {c: 1, c: 2}\na: 2\n",
    "merge": "base: &b {x: 1, y: 2}\nmore: {<<: *b, x: 3}\n",
    "nested merge": "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc:\n  <<: [*b, {z: 1}]\n  y: 0\n",
    "anchor of itself": "a: &a [1, *a]\n",
    "unknown anchor": "a: 1\nb: *nowhere\n",
    "anchor twice": "a: &x 1\nb: &x 2\nc: *x\n",
    "byte order mark": "\ufeffa: 1\nb: 2\n",
    "line ends of Windows": "a: 1\r\nb:\r\n  - c\r\n",
    "other line ends": "a: 'x\u2028y'\nb: x\u0085y\nc: [\n1]\n",
    "emoji": "a: '🙂 ok'\n🙂: [b, 'ü']\n",
    "block texts": 'a: |\n  one\n   two\n\nb: >-\n  one\n  two\n\n  three\nc: "one\\\n  two \\u00e9"\n',
    "kinds": "a: [1, 1.5, 1e3, 0o7, 0x1F, 1_000, yes, No, ~, null, 2026-01-01, 2026-01-01 10:00:00, '1', .inf, 12:30:45]\n",
    "tagged": "a: !!str 1\nb: !!set {x, y}\nc: !!binary aGk=\nd: !!omap [a: 1]\n",
    "key that is a list": "[a, b]: 1\n",
    "key that is a mapping": "{a: b}: 1\n",
    "long key": "? " + "k" * 2000 + "\n: 1\n",
    "long simple key": "k" * 2000 + ": 1\n",
    "question mark in flow": "{a?b: 1, c: [Who?, I]}\n",
    "question marks": "? a\n: b\nc: What?\nd: 'Why ? And?'\ne: ?x\n",
    "comment after a block's sign": "a: |#\n  b\n",
    "mark amid the text": "a: 1\n\ufeffb: 2\n",
    "colon in flow": "{a:b, c: d:e, 'f':1}\n",
    "unknown tag": "a: 1\nb: !python/object:os.system x\n",
    "unknown tag handle": "a: !x!y 1\n",
    "no such day": "a: 1\nb: 2026-02-31\n",
    "open bracket": "a: [1, 2\nb: 3\n",
    "open quote": 'a: "one\nb: 2\n',
    "tab": "a:\n\t- b\n",
    "tab after colon": "a:\tb\n",
    "two colons": "a: b: c\n",
    "bad indent": "a:\n    - b\n  - c\n",
    "percent": "a: %b\n",
    "at sign": "a: @b\n",
    "bad escape": 'a: "\\q"\n',
    "control character": "a: 1\nb: \x07\n",
    "zero byte": "a: 1\nb: \x00\n",
    "half a pair": "a: \ud800\n",
    "wrong version": "%YAML 3.0\n---\na: 1\n",
    "deep": "[" * 60 + "]" * 60,
}


def told(read: Any, text: str) -> tuple[Any, ...]:
    """What a reader returns or says."""
    try:
        return ("is", read(text))
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        return ("fails", type(error), str(error), getattr(error, "problem", None), mark and mark.line)


def laid_out(node: yaml.Node | None, seen: tuple[int, ...] = ()) -> Any:
    """A tree as plain data, with the place of each node."""
    if node is None or id(node) in seen:
        return None
    place = (node.tag, node.start_mark.line, node.start_mark.column)
    if isinstance(node, yaml.ScalarNode):
        return (*place, node.value)
    inner = (*seen, id(node))
    if isinstance(node, yaml.MappingNode):
        return (*place, [(laid_out(key, inner), laid_out(value, inner)) for key, value in node.value])
    return (*place, [laid_out(value, inner) for value in node.value])


def composed(read: Any, text: str) -> tuple[Any, ...]:
    kind, *rest = told(read, text)
    return (kind, laid_out(rest[0])) if kind == "is" else (kind, *rest)


@pytest.mark.parametrize("text", [pytest.param(p.read_text(encoding="utf-8"), id=p.stem) for p in FILES])
def test_every_packaged_file_reads_as_pyyaml_reads_it(text: str) -> None:
    assert load_text(text) == yaml.safe_load(text)
    assert laid_out(compose_text(text)) == laid_out(yaml.compose(text))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in TRICKY.items()])
def test_tricky_and_wrong_texts_read_as_pyyaml_reads_them(text: str) -> None:
    assert repr(told(load_text, text)) == repr(told(yaml.safe_load, text))
    assert composed(compose_text, text) == composed(yaml.compose, text)


def test_a_text_that_is_nested_too_deeply_is_an_error_of_python() -> None:
    for read in (load_text, compose_text):
        with pytest.raises(RecursionError):
            read("[" * 5000 + "]" * 5000)


def test_it_reads_where_libyaml_is_not_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "_quick_loader", lambda: None)
    assert load_text("a: [1]") == {"a": [1]}
    assert compose_text("a: [1]") is not None


def test_libyaml_is_used_where_it_is_built_in() -> None:
    assert (yaml_text._quick_loader() is not None) == yaml.__with_libyaml__
