"""From syntax to parameters: what the model leaves unsaid is filled in as lavaan's `cfa` does it.

The first loading of each factor is 1 (or, with std_lv, each factor variance is 1), residual variances, factor variances
and covariances of factors that nothing measures are free, and so are intercepts; latent means are 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from valuelex.errors import SettingError
from valuelex.psychometrics.confirmatory.syntax import Model, Statement, parse_parameter

KINDS = {
    "loadings": ("lambda", "beta"),
    "intercepts": ("nu",),
    "means": ("alpha",),
    "thresholds": ("tau",),
    "residuals": ("theta",),
    "residual.covariances": ("theta",),
    "lv.variances": ("psi",),
    "lv.covariances": ("psi",),
}
PARAMETERIZATIONS = ("delta", "theta")


@dataclass(frozen=True)
class Parameter:
    """One cell of the model of one group.

    `matrix` is lambda (p x m loadings), beta (m x m loadings on factors), psi (m x m), theta (p x p), nu (p), alpha (m),
    tau (thresholds) or delta (scales of ordered items); (i, j) the place in it. `free` is False for fixed cells with
    their `value`; `derived` marks variances that follow from the others (ordered items).
    """

    lhs: str
    op: str
    rhs: str
    group: int
    matrix: str
    i: int
    j: int
    free: bool
    value: float
    label: str = ""
    start: float | None = None
    derived: bool = False

    @property
    def kind(self) -> str:
        """Its name in group_equal."""
        if self.matrix in ("theta", "psi"):
            own = self.i == self.j
            names = (
                ("residuals", "residual.covariances") if self.matrix == "theta" else ("lv.variances", "lv.covariances")
            )
            return names[0] if own else names[1]
        return next((kind for kind, matrices in KINDS.items() if self.matrix in matrices), "scales")

    @property
    def name(self) -> str:
        """As one writes it: "f =~ x2", "x3 ~ 1"."""
        return f"{self.lhs} ~ 1" if self.op == "~1" else f"{self.lhs} {self.op} {self.rhs}"


@dataclass(frozen=True)
class Options:
    """How the unsaid is filled in; see `cfa`."""

    std_lv: bool = False
    orthogonal: bool = False
    means: bool = False
    group_equal: tuple[str, ...] = ()
    group_partial: tuple[str, ...] = ()
    parameterization: str = "delta"


def parameters(
    model: Model, n_groups: int, options: Options, thresholds: Mapping[str, int] | None = None
) -> list[Parameter]:
    """All cells that are free or not zero, in lavaan's order, group after group.

    Parameters
    ----------
    model : Model
        From `syntax.parse`.
    n_groups : int
        At least 1; tuples of the model must have 1 or n_groups values.
    options : Options
        Defaults and equalities.
    thresholds : mapping, optional
        Number of thresholds per observed variable: the model is then one of ordered items.

    Raises
    ------
    SettingError
        Vectors of the wrong length, covariances of factors with observed variables, unknown kinds in group_equal, a
        group_partial that names no parameter.
    """
    unknown = [kind for kind in options.group_equal if kind not in KINDS]
    if unknown:
        raise SettingError(f"group_equal={unknown[0]!r} is not known.", f"Use some of: {', '.join(KINDS)}.")
    builder = _Builder(model, n_groups, options, thresholds)
    found = [parameter for group in range(n_groups) for parameter in builder.group(group)]
    return _equal(found, n_groups, options)


class _Builder:
    def __init__(self, model: Model, n_groups: int, options: Options, thresholds: Mapping[str, int] | None) -> None:
        self.options, self.n_groups, self.thresholds = options, n_groups, thresholds
        self.factors, self.observed = model.factors, model.observed
        self.row = {name: i for i, name in enumerate(self.observed)}
        self.column = {name: j for j, name in enumerate(self.factors)}
        self.said = {s.key(): s for s in model.statements}
        self.statements = model.statements
        self.indicators = {f: [s.rhs for s in model.statements if s.op == "=~" and s.lhs == f] for f in self.factors}
        self.dependent = {s.rhs for s in model.statements if s.op == "=~" and s.rhs in self.column}
        _no_cycle(self.indicators)
        for s in model.statements:
            self.place(s)

    def group(self, g: int) -> Iterator[Parameter]:
        options, ordered = self.options, self.thresholds is not None
        for s in self.statements:
            if s.op == "=~":
                first = self.indicators[s.lhs][0] == s.rhs and not options.std_lv
                yield self.cell(s, g, 1.0 if first else None)
        for a in self.observed:
            for k in range(self.thresholds[a] if self.thresholds is not None else 0):
                yield self.cell(Statement(a, "|", f"t{k + 1}"), g, None)
        for s in self.statements:
            if s.op == "~~" and s.lhs != s.rhs:
                yield self.cell(s, g, None)
        for a in self.observed:
            yield self.cell(Statement(a, "~~", a), g, self._residual(a, g))
        for a in self.factors:
            freed = g > 0 and "loadings" in options.group_equal and "lv.variances" not in options.group_equal
            yield self.cell(Statement(a, "~~", a), g, 1.0 if options.std_lv and not freed else None)
        apart = [f for f in self.factors if f not in self.dependent]
        for i, a in enumerate(apart):
            for b in apart[i + 1 :]:
                if Statement(a, "~~", b).key() not in self.said and not options.orthogonal:
                    yield self.cell(Statement(a, "~~", b), g, None)
        if ordered and options.parameterization == "delta":
            freed = g > 0 and "thresholds" in options.group_equal
            for a in self.observed:
                yield self.cell(Statement(a, "~*~", a), g, None if freed else 1.0)
        if options.means or ordered:
            for a in self.observed:
                yield self.cell(Statement(a, "~1", ""), g, 0.0 if ordered else None)
            held = {"intercepts", "thresholds"} & set(options.group_equal)
            freed = g > 0 and bool(held) and "means" not in options.group_equal
            for a in self.factors:
                measures = any(name in self.row for name in self.indicators[a])
                yield self.cell(Statement(a, "~1", ""), g, None if freed and measures else 0.0)

    def _residual(self, name: str, g: int) -> float | None:
        if self.thresholds is not None:
            freed = g > 0 and "thresholds" in self.options.group_equal and "residuals" not in self.options.group_equal
            return None if freed and self.options.parameterization == "theta" else 1.0
        alone = any(items == [name] for items in self.indicators.values())
        return 0.0 if alone else None

    def cell(self, s: Statement, g: int, default: float | None) -> Parameter:
        """Cell of statement or, if the model says more of the same parameter, of that; free if `default` is None."""
        s = self.said.get(s.key(), s)
        matrix, i, j = self.place(s)
        fixed = self.of_group(s.fixed, g, s)
        value = fixed if s.fixed else default
        derived = (
            self.thresholds is not None and matrix == "theta" and i == j and self.options.parameterization == "delta"
        )
        start = self.of_group(s.start, g, s)
        return Parameter(
            s.lhs,
            s.op,
            s.rhs,
            g,
            matrix,
            i,
            j,
            value is None and not derived,
            0.0 if value is None else float(value),
            str(self.of_group(s.label, g, s) or ""),
            None if start is None else float(start),
            derived,
        )

    def of_group(self, values: Sequence[object], g: int, s: Statement) -> float | None:
        if not values:
            return None
        if len(values) not in (1, self.n_groups):
            raise SettingError(
                f"{s.lhs} {s.op} {s.rhs} has {len(values)} values for {self.n_groups} group(s).",
                "Give one for all, or one per group.",
            )
        return values[g if len(values) > 1 else 0]  # type: ignore[return-value]

    def place(self, s: Statement) -> tuple[str, int, int]:
        """Matrix and cell of a statement."""
        if s.op == "=~":
            if s.rhs in self.column:
                return "beta", self.column[s.rhs], self.column[s.lhs]
            return "lambda", self.row[s.rhs], self.column[s.lhs]
        if s.op == "~~":
            if s.lhs in self.column and s.rhs in self.column:
                return "psi", self.column[s.lhs], self.column[s.rhs]
            if s.lhs in self.row and s.rhs in self.row:
                return "theta", self.row[s.lhs], self.row[s.rhs]
            raise SettingError(
                f"{s.lhs} ~~ {s.rhs} joins a factor and a measured variable.", "Let the factor measure it: use =~."
            )
        if s.op == "~1":
            return ("alpha", self.column[s.lhs], 0) if s.lhs in self.column else ("nu", self.row[s.lhs], 0)
        if s.lhs not in self.row or self.thresholds is None:
            raise SettingError(
                f"{s.lhs} {s.op} {s.rhs} belongs to an ordered item.", "Use estimator='wlsmv', or leave the line out."
            )
        if s.op == "~*~":
            if self.options.parameterization == "theta":
                raise SettingError(f"{s.lhs} ~*~ {s.rhs} is no parameter here.", "Use parameterization='delta'.")
            return "delta", self.row[s.lhs], 0
        k = int(s.rhs[1:]) - 1
        if k >= self.thresholds[s.lhs]:
            raise SettingError(f"{s.lhs} has {self.thresholds[s.lhs]} thresholds, no {s.rhs}.", "Leave it out.")
        before = sum(self.thresholds[name] for name in self.observed[: self.row[s.lhs]])
        return "tau", before + k, 0


def _no_cycle(indicators: Mapping[str, Sequence[str]]) -> None:
    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise SettingError(
                f"Factor {name} measures itself by way of others.", "Order factors from general to specific."
            )
        for below in indicators.get(name, ()):
            visit(below, (*above, name))

    for name in indicators:
        visit(name, ())


def _equal(found: list[Parameter], n_groups: int, options: Options) -> list[Parameter]:
    """Give cells that group_equal makes equal a common label, unless they are freed or the user named them."""
    exempt = {parse_parameter(text) for text in options.group_partial}
    known = {_key(parameter) for parameter in found}
    absent = [text for text in options.group_partial if parse_parameter(text) not in known]
    if absent:
        raise SettingError(
            f"group_partial names {absent[0]!r}, which is not in the model.", "See .estimates for the names."
        )
    if n_groups == 1 or not options.group_equal:
        return found
    number = {_key(p): k + 1 for k, p in enumerate(p for p in found if p.group == 0)}
    out = []
    for p in found:
        held = p.kind in options.group_equal and p.free and not p.label and _key(p) not in exempt
        out.append(replace(p, label=f".p{number[_key(p)]}.") if held else p)
    return out


def _key(p: Parameter) -> tuple[str, str, str]:
    return Statement(p.lhs, p.op, p.rhs).key()
