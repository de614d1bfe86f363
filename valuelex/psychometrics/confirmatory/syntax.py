"""Measurement models as text: the part of lavaan's syntax (Rosseel, 2012) that factor models need, read and written.

    visual =~ x1 + x2 + a*x3      # loadings; the first is fixed to 1 unless told otherwise
    visual ~~ 0*textual           # covariances and variances
    x1 ~ c(i, i)*1                # intercepts and means; c() holds a value or label per group
    x1 | t1 + t2                  # thresholds of ordered items
    x1 ~*~ 1*x1                   # scale of an ordered item

Modifiers: a number fixes, NA frees, a name labels (equal labels make equal parameters), start(.5) gives a start.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from valuelex.errors import SettingError
from valuelex.psychometrics.confirmatory.grammar import SYMMETRIC, Reader, Statement, Token, formulas, tokens

__all__ = ["Model", "Statement", "parse", "parse_parameter", "write"]


@dataclass(frozen=True)
class Model:
    """A measurement model as written: every parameter once, in order."""

    statements: tuple[Statement, ...]

    @property
    def factors(self) -> list[str]:
        """Names on the left of =~, in order."""
        return list(dict.fromkeys(s.lhs for s in self.statements if s.op == "=~"))

    @property
    def observed(self) -> list[str]:
        """Measured variables, in order of their first loading (or mention)."""
        factors = set(self.factors)
        measured = [s.rhs for s in self.statements if s.op == "=~" and s.rhs not in factors]
        others = [
            name
            for s in self.statements
            for name in ((s.lhs, s.rhs) if s.op in SYMMETRIC else (s.lhs,))
            if name and name not in factors and s.op != "=~"
        ]
        return list(dict.fromkeys(measured + others))


def parse(text: str) -> Model:
    """Read lavaan syntax.

    Raises
    ------
    SettingError
        With line and token: what cannot be read, or what lavaan knows and this does not (regressions ``~``, defined
        parameters ``:=``, constraints ``==``, blocks).
    """
    if not isinstance(text, str):
        raise SettingError(
            f"model is of type {type(text).__name__}, not text.", "Give lavaan syntax, such as 'f =~ x1 + x2 + x3'."
        )
    statements: dict[tuple[str, str, str], Statement] = {}
    for formula in formulas(list(tokens(text))):
        for statement in Reader(formula).statements():
            before = statements.get(statement.key())
            statements[statement.key()] = statement if before is None else _merged(before, statement, formula[0])
    if not any(s.op == "=~" for s in statements.values()):
        raise SettingError("The model has no factor.", "Write at least one line such as 'f =~ x1 + x2 + x3'.")
    return Model(tuple(statements.values()))


def write(model: Model) -> str:
    """Write a model as lavaan syntax; `parse` gives back the same model."""
    lines: list[tuple[str, list[str]]] = []
    for s in model.statements:
        head = f"{s.lhs} ~" if s.op == "~1" else f"{s.lhs} {s.op}"
        target = "1" if s.op == "~1" else s.rhs
        modifiers = [
            *([_vector([_number(v) for v in s.fixed])] if s.fixed else []),
            *([_vector([_word(v) for v in s.label])] if s.label else []),
            *([f"start({_vector([_number(v) for v in s.start])})"] if s.start else []),
        ]
        terms = [f"{modifier}*{target}" for modifier in modifiers] or [target]
        if lines and lines[-1][0] == head:
            lines[-1][1].extend(terms)
        else:
            lines.append((head, terms))
    return "\n".join(f"{head} {' + '.join(terms)}" for head, terms in lines) + "\n"


def _vector(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"c({', '.join(values)})"


def _word(label: str) -> str:
    plain = re.fullmatch(r"[^\W\d][\w.]*", label) and label != "NA"
    return label if plain else f'"{label}"'


def _number(value: float | None) -> str:
    if value is None:
        return "NA"
    if not math.isfinite(value):
        raise SettingError(f"{value} cannot stand in a model.", "Give finite values.")
    return repr(float(value)).removesuffix(".0")


def parse_parameter(text: str) -> tuple[str, str, str]:
    """Key of a single parameter written without modifiers, such as "x3 ~ 1" or "f =~ x2"; see `Statement.key`."""
    written = list(formulas(list(tokens(text))))
    found = Reader(written[0]).statements() if len(written) == 1 else []
    if len(found) != 1 or found[0].fixed or found[0].label or found[0].start:
        raise SettingError(
            f"{text!r} does not name one parameter.", "Write it as in 'f =~ x2', 'x3 ~ 1' or 'x1 ~~ x1'."
        )
    return found[0].key()


def _merged(a: Statement, b: Statement, at: Token) -> Statement:
    """A parameter named twice: what the second adds; a contradiction is an error."""
    parts: dict[str, tuple[float | None, ...] | tuple[str, ...]] = {}
    for field in ("fixed", "label", "start"):
        first, second = getattr(a, field), getattr(b, field)
        if first and second and first != second:
            raise SettingError(
                f"model, line {at.line}: {a.lhs} {a.op} {a.rhs} is given twice, with different modifiers.", "Keep one."
            )
        parts[field] = second or first
    return replace(a, **parts)  # type: ignore[arg-type]
