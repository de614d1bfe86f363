"""Reading and writing lavaan syntax."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valuelex.errors import SettingError
from valuelex.psychometrics.confirmatory.syntax import Model, Statement, parse, parse_parameter, write

NAMES = st.from_regex(r"[a-z][a-z0-9_.]{0,5}", fullmatch=True).filter(lambda name: name not in ("c", "start"))
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def vector(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.just(()), st.lists(values, min_size=1, max_size=3).map(tuple))


STATEMENTS = st.builds(
    Statement,
    lhs=NAMES.map(lambda name: f"f{name}"),
    op=st.sampled_from(["=~", "~~", "~1", "~*~", "|"]),
    rhs=NAMES.map(lambda name: f"x{name}"),
    fixed=vector(st.one_of(st.none(), NUMBERS)),
    label=vector(NAMES),
    start=vector(NUMBERS),
).map(lambda s: Statement(s.lhs, s.op, {"~1": "", "|": "t1"}.get(s.op, s.rhs), s.fixed, s.label, s.start))


@given(st.lists(STATEMENTS, min_size=1, max_size=8))
def test_writing_and_reading_gives_the_same_model(statements):
    unique = {s.key(): s for s in [Statement("g", "=~", "y"), *statements]}
    model = Model(tuple(unique.values()))
    assert parse(write(model)) == model


def test_everything_that_measurement_models_need():
    model = parse(
        """# comment
        f =~ x1 + 0.5*x2 +   ! goes on
             a*x3 + NA*x4
             + c(a, b)*x5; g =~ -1e-1*y1 + start(.7)*y2 + c(1, NA)*y3
        x1 + x2 ~~ 'my label'*y1
        x1 ~ c(0, NA)*1
        x2 | t1 + tau*t2"""
    )
    found = {s.key(): s for s in model.statements}
    assert model.factors == ["f", "g"]
    assert model.observed == ["x1", "x2", "x3", "x4", "x5", "y1", "y2", "y3"]
    assert found["f", "=~", "x2"].fixed == (0.5,)
    assert found["f", "=~", "x3"].label == ("a",)
    assert found["f", "=~", "x4"].fixed == (None,)
    assert found["f", "=~", "x5"].label == ("a", "b")
    assert found["g", "=~", "y1"].fixed == (-0.1,)
    assert found["g", "=~", "y2"].start == (0.7,)
    assert found["g", "=~", "y3"].fixed == (1.0, None)
    assert found["x2", "~~", "y1"].label == ("my label",)
    assert found["x1", "~1", ""].fixed == (0.0, None)
    assert found["x2", "|", "t2"].label == ("tau",)


def test_modifiers_of_one_parameter_add_up():
    (only,) = parse("f =~ NA*x + a*x + start(2)*x").statements
    assert only == Statement("f", "=~", "x", (None,), ("a",), (2.0,))
    (only,) = parse("f =~ a*0.5*x").statements
    assert only == Statement("f", "=~", "x", (0.5,), ("a",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("f =~ x1 + x2\ny ~ f", r"line 2, at 'f': regressions"),
        ("f =~ x1\nz := a*b", r"line 2, at ':=': defined"),
        ("f =~ x1\na == b", r"line 2, at '==': constraints"),
        ("f =~ x1 + + x2", r"line 1, at 'x2'"),
        ("f =~ x1 x2", r"line 1, at 'x2': expected \+"),
        ("\n\nf =~ 0.5*", r"line 3, at 'end of line'"),
        ("f =~ x1 & x2", r"line 1: '&' is not"),
        ("f =~ f", "cannot measure itself"),
        ("f =~ equal(a)*x1", r"equal\(\) is not supported"),
        ("f =~ c(1, a)*x1", "mixed"),
        ("f =~ start(a)*x1", "needs numbers"),
        ("f =~ 1*x1 + 2*x1", "twice"),
        ("x | th1", "thresholds are called"),
        ("f =~ x1\nx1 ~ 2", "intercept"),
        ("x1 ~~ x2", "no factor"),
        ("", "no factor"),
        ("f <~ x1", "formative"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text, said):
    with pytest.raises(SettingError, match=said):
        parse(text)


def test_not_text():
    with pytest.raises(SettingError, match="int"):
        parse(3)


def test_single_parameters():
    assert parse_parameter("x3~1") == ("x3", "~1", "")
    assert parse_parameter("y ~~ x") == ("x", "~~", "y")
    for text in ("f =~ x1 + x2", "f =~ 2*x", "f =~ x\ng =~ y"):
        with pytest.raises(SettingError, match="one parameter"):
            parse_parameter(text)
