"""The console: several models at once, plain lines every ten seconds, and no text that drives a terminal."""

from __future__ import annotations

import io
import re
import time

import pytest

from valuelex.cli.console import Console, complaint, one_line, printable
from valuelex.errors import BadInput, EndpointError
from valuelex.models import Progress, Response
from valuelex.models.calling.progress import Pace

HOSTILE = "\x1b[31mred\x1b]0;title\x07[bold]b[/bold] :smile: \u202eevil\x00\x9b2J"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Clock:
    """Seconds that pass when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def at(model: str, done: int, planned: int = 10, *, stage: str = "elicit", left: float | None = 3.0) -> Progress:
    return Progress(stage, model, done, planned, 12.34, left)


def test_plain_lines_of_every_model_each_ten_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    with Console(stream, terminal=False, clock=clock) as console:
        for done in (1, 2):
            console.progress(at("a", done))
            console.progress(at("b", done + 3))
        assert stream.getvalue() == ""
        clock.now += 10
        console.progress(at("a", 3))
        assert stream.getvalue().splitlines() == [
            "elicit       a: 3/10 answers, 12.3 tokens/s, 0:03 left",
            "elicit       b: 5/10 answers, 12.3 tokens/s, 0:03 left",
        ]
        clock.now += 9
        console.progress(at("b", 6))
        clock.now += 1
        console.progress(at("b", 7))
        # Of the other model nothing new was heard.
        assert stream.getvalue().splitlines()[2:] == ["elicit       b: 7/10 answers, 12.3 tokens/s, 0:03 left"]


def test_a_finished_model_leaves_one_line_and_a_stage_forgets_the_others() -> None:
    stream, clock = io.StringIO(), Clock()
    with Console(stream, terminal=False, clock=clock) as console:
        console.progress(at("a", 1))
        console.progress(at("b", 10, left=0.0))
        console.progress(at("c", 10, left=None))
        console.stage("elicit", "done")
        clock.now += 60
        console.progress(at("d", 1, stage="administer", left=7384.0))
    assert stream.getvalue().splitlines() == [
        "elicit       b: 10/10 answers, 12.3 tokens/s",
        "elicit       c: 10/10 answers, all from the ledger",
        "elicit       done",
        "administer   d: 1/10 answers, 12.3 tokens/s, 2:03:04 left",
    ]


def test_the_live_table_has_a_line_for_each_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    stream = io.StringIO()
    with Console(stream, terminal=True) as console:
        console.progress(at("alpha", 1))
        console.progress(at("beta", 2))
        console.progress(at("alpha", 4))
        assert [(t.fields["model"], t.completed) for t in console._live.tasks] == [("alpha", 4), ("beta", 2)]
        console._live.refresh()
        frame = ESCAPES.sub("", stream.getvalue()).splitlines()
        assert any(re.fullmatch(r"elicit +alpha +\S+ +4/10 +12.3 tokens/s +0:03 left *", line) for line in frame)
        assert any(re.fullmatch(r"elicit +beta +\S+ +2/10 +12.3 tokens/s +0:03 left *", line) for line in frame)
        console.progress(at("alpha", 10))
        assert [t.fields["model"] for t in console._live.tasks] == ["beta"]
        console.stage("elicit", "done")
        assert console._live.tasks == []
    assert "elicit       alpha: 10/10 answers, 12.3 tokens/s" in ESCAPES.sub("", stream.getvalue())


@pytest.mark.parametrize("terminal", [False, True])
def test_ids_and_messages_are_only_shown(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    stream = io.StringIO()
    with Console(stream, terminal=terminal) as console:
        console.progress(at(HOSTILE, 1))
        console.say(f"{HOSTILE}\r\nelicit       done")
        if terminal:
            console._live.refresh()
        console.progress(at(HOSTILE, 10))
    shown = stream.getvalue()
    for bad in ("\x1b[31m", "\x1b]", "\x07", "\u202e", "\x00", "\x9b"):
        assert bad not in shown
    assert "[bold]b[/bold] :smile: evil" in shown
    assert not any(line.startswith("elicit       done") for line in ESCAPES.sub("", shown).splitlines())


def test_text_for_a_terminal() -> None:
    assert printable("a\tb\r\nc\rd\x1b[2Je\u202ef\u200f") == "a\tb\nc\ufffdd\ufffd[2Jef"
    assert one_line("a\nb\u2028c") == "a b c"
    error = EndpointError("The endpoint says: \x1b[2J<b>no</b>\nvaluelex: all is well", "Try again.")
    assert complaint(error).splitlines() == [
        "The endpoint says: \ufffd[2J<b>no</b> valuelex: all is well",
        "Try again.",
    ]


def test_each_case_of_a_complaint_has_a_line_of_its_own() -> None:
    error = BadInput("2 problems:", "Mend them.", ["line 2: '\n'", "line 9: 'x'"])
    assert complaint(error).splitlines() == ["2 problems:", "  line 2: ' '", "  line 9: 'x'", "Mend them."]
    assert str(error).splitlines()[-2:] == ["line 9: 'x'", "Mend them."]


def test_pace_counts_from_the_models_own_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace("elicit", "late", planned=10, done=2)
    assert (pace.progress().tokens_per_s, pace.progress().seconds_left) == (0.0, None)
    now[0] += 500.0  # others had their turn
    pace.count(Response("x", n_tokens_out=20, latency_s=2.0))
    assert pace.progress().tokens_per_s == pytest.approx(10.0)
    assert pace.progress().seconds_left == pytest.approx(14.0)  # 7 answers, 2 s each
    now[0] += 2.0
    pace.count(Response("x", n_tokens_out=40, latency_s=2.0))
    assert pace.progress().tokens_per_s == pytest.approx(15.0)
    replayed = Pace("elicit", "replayed", planned=2, done=0)
    now[0] += 1.0
    replayed.count(Response("x", n_tokens_out=20, latency_s=900.0))  # that was another run's time
    assert replayed.progress().tokens_per_s == pytest.approx(20.0)
