"""Grammar of the syntax: tokens with their lines, formulas, and a reader that turns one formula into statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from valuelex.errors import SettingError

SYMMETRIC = ("~~", "~*~")
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\f]+|[#!][^\n]*)|(?P<newline>[\n;])
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[^\W\d][\w.]*|\.[^\W\d][\w.]*|\.[\w.]*)
    |(?P<quoted>"[^"\n]*"|'[^'\n]*')
    |(?P<operator>=~|~\*~|~~|:=|==|<~|~|\||<|>|%|:)
    |(?P<mark>[-+*(),?])""",
    re.VERBOSE,
)
_REFUSED = {
    "<~": "formative factors",
    ":=": "defined parameters",
    "==": "constraints other than equal labels",
    "<": "inequality constraints",
    ">": "inequality constraints",
    "%": "blocks",
    ":": "blocks and interactions",
}


@dataclass(frozen=True)
class Statement:
    """One parameter: `lhs op rhs`, with what was said of it. Tuples hold one value for all groups, or one per group.

    `fixed` holds values, None where a parameter is to be free (NA); empty tuples say nothing. An intercept has op "~1"
    and an empty rhs.
    """

    lhs: str
    op: str
    rhs: str
    fixed: tuple[float | None, ...] = ()
    label: tuple[str, ...] = ()
    start: tuple[float, ...] = ()

    def key(self) -> tuple[str, str, str]:
        """What the parameter is, whichever side of a covariance comes first."""
        a, b = (self.lhs, self.rhs)
        return (min(a, b), self.op, max(a, b)) if self.op in SYMMETRIC else (a, self.op, b)


@dataclass(frozen=True)
class Token:
    """A piece of the text and its line."""

    kind: str
    text: str
    line: int


def tokens(text: str) -> Iterator[Token]:
    line, position = 1, 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise SettingError(f"model, line {line}: {text[position]!r} is not lavaan syntax.", "Remove it.")
        kind = str(found.lastgroup)
        if kind != "space":
            yield Token(kind, found.group(), line)
        line += found.group().count("\n")
        position = found.end()


def formulas(tokens: list[Token]) -> Iterator[list[Token]]:
    """Split at line ends, except where a line is plainly unfinished."""
    formula: list[Token] = []
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "newline":
            following = next((t for t in tokens[index + 1 :] if t.kind != "newline"), None)
            hangs = bool(formula) and (formula[-1].kind == "operator" or formula[-1].text in ("+", "*", ","))
            goes_on = following is not None and following.text in ("+", "*")
            if depth or (token.text == "\n" and (hangs or goes_on)):
                continue
            if formula:
                yield formula
            formula = []
            continue
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        formula.append(token)
    if formula:
        yield formula


class Reader:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0

    def peek(self) -> Token:
        if self.position < len(self.tokens):
            return self.tokens[self.position]
        return Token("end", "end of line", self.tokens[-1].line)

    def take(self, *texts: str, kind: str | None = None) -> Token:
        token = self.peek()
        if (texts and token.text not in texts) or (kind is not None and token.kind != kind):
            self.fail(f"expected {' or '.join(texts) if texts else 'a ' + str(kind)}")
        self.position += 1
        return token

    def fail(
        self, why: str, remedy: str = "See valuelex.psychometrics.confirmatory.syntax for what can be written."
    ) -> None:
        token = self.peek()
        raise SettingError(f"model, line {token.line}, at {token.text!r}: {why}.", remedy)

    def statements(self) -> list[Statement]:
        left = [self.take(kind="name").text]
        while self.peek().text == "+":
            self.take("+")
            left.append(self.take(kind="name").text)
        operator = self.peek()
        if operator.text in _REFUSED:
            self.fail(f"{_REFUSED[operator.text]} ({operator.text}) are not supported", "Leave the line out.")
        op = self.take("=~", "~~", "~*~", "~", "|").text
        found = [self.term(left, op)]
        while self.peek().text == "+":
            self.take("+")
            found.append(self.term(left, op))
        if self.peek().kind != "end":
            self.fail("expected + or the end of the line")
        return [statement for name in left for statement in (replace(s, lhs=name) for s in found)]

    def term(self, left: list[str], op: str) -> Statement:
        statement = Statement("", "~1" if op == "~" else op, "")
        while True:
            if self._ends():
                break
            statement = self.modifier(statement)
            self.take("*")
        token = self.peek()
        if op == "~":
            if token.kind == "name":
                self.fail("regressions (~) are not supported", "Use =~ for loadings and ~~ for covariances.")
            if token.text != "1":
                self.fail("expected 1 (an intercept)")
            self.position += 1
            return statement
        name = self.take(kind="name").text
        if op == "=~" and name in left:
            self.position -= 1
            self.fail("a factor cannot measure itself")
        if op == "|" and not re.fullmatch(r"t[1-9]\d*", name):
            self.position -= 1
            self.fail("thresholds are called t1, t2, ...")
        return replace(statement, rhs=name)

    def _ends(self) -> bool:
        """Whether the next token is the variable itself, not something with a * behind it."""
        after = self.tokens[self.position + 1].text if self.position + 1 < len(self.tokens) else ""
        return self.peek().kind in ("name", "number", "end") and after not in ("*", "(")

    def modifier(self, statement: Statement) -> Statement:
        token = self.peek()
        if token.text == "start":
            self.take("start")
            self.take("(")
            values = self.values()
            self.take(")")
            if any(not isinstance(v, float) for v in values):
                self.fail("start() needs numbers")
            return replace(statement, start=tuple(v for v in values if isinstance(v, float)))
        values = self.values()
        words = [v for v in values if isinstance(v, str)]
        if words and len(words) < len(values):
            self.fail(
                "values and labels are mixed in one c()",
                "Give values and labels as two terms: 'c(1, NA)*x + c(a, b)*x'.",
            )
        if words:
            return replace(statement, label=tuple(words))
        return replace(statement, fixed=tuple(None if v is None else float(v) for v in values))

    def values(self) -> list[float | str | None]:
        """A number, NA or label, or c() of them."""
        if (
            self.peek().text == "c"
            and self.tokens[self.position + 1 : self.position + 2]
            and (self.tokens[self.position + 1].text == "(")
        ):
            self.take("c")
            self.take("(")
            found = [self.value()]
            while self.peek().text == ",":
                self.take(",")
                found.append(self.value())
            self.take(")")
            return found
        return [self.value()]

    def value(self) -> float | str | None:
        token = self.peek()
        after = self.tokens[self.position + 1].text if self.position + 1 < len(self.tokens) else ""
        if token.kind == "name" and after == "(":
            self.fail(f"{token.text}() is not supported", "Use a number, NA, a label, c() or start().")
        if token.text in ("-", "+"):
            self.position += 1
            size = float(self.take(kind="number").text)
            return -size if token.text == "-" else size
        if token.kind == "number":
            return float(self.take(kind="number").text)
        if token.kind == "quoted":
            self.position += 1
            return token.text[1:-1]
        word = self.take(kind="name").text
        return None if word == "NA" else word
