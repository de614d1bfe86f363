"""Quiet and JSON: what a script reads is one object on stdout, and errors are objects, too."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from valuelex.cli.output import error_json
from valuelex.errors import BadInput, DataError

Run = Callable[..., tuple[int, str, str]]


def test_a_run_in_json(run: Run, stub, stub_study) -> None:
    folder = stub_study(stub().url)
    code, out, err = run("run", folder, "--to", "lexicon", "--json", "--quiet")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["ran"] == ["elicit", "lexicon"] and found["up_to_date"] == [] and found["report"] is None
    assert found["seconds"] > 0
    states = {s["stage"]: s["state"] for s in found["stages"]}
    assert states["lexicon"] == "done" and states["taxonomy"] == "missing"
    again = json.loads(run("run", folder, "--to", "lexicon", "--json")[1])
    assert again["ran"] == [] and again["up_to_date"] == ["elicit", "lexicon"]


def test_a_quiet_run_says_where_its_results_are_and_nothing_else(run: Run, stub, stub_study) -> None:
    folder = stub_study(stub().url)
    code, out, err = run("elicit", folder, "--quiet")
    assert (code, err) == (0, "")
    assert out.startswith("Results: ") and out.count("\n") == 1


def test_status_models_trace_and_dry_run_in_json(run: Run, stub, stub_study) -> None:
    folder = stub_study(stub().url)
    calls = json.loads(run("run", folder, "--dry-run", "--json")[1])["calls"]
    assert {"stage", "model_id", "planned", "answered"} <= set(calls[0])
    run("run", folder, "--to", "lexicon", "--quiet")
    status = json.loads(run("status", folder, "--json")[1])
    assert [s["stage"] for s in status["stages"]][:2] == ["elicit", "lexicon"]
    assert status["stages"][0]["counts"]["responses"] > 0 and status["plan"] is None
    models = json.loads(run("models", folder, "--json")[1])["models"]
    assert {"id", "family", "parameters", "training", "mode", "here"} == set(models[0])
    word = _a_word(folder)
    traced = json.loads(run("trace", folder, word, "--json")[1])
    assert traced["word"] == word and traced["places"] is None
    assert len(traced["mentions"]) == traced["n"] and all(m["text"] for m in traced["mentions"])
    text = run("trace", folder, word)[1]
    assert text.startswith(f"word {word}: {traced['n']} times")


def _a_word(folder: Path) -> str:
    import valuelex as vl

    return str(vl.Study.load(folder).read("lexicon")["word"][0])


@pytest.mark.parametrize(
    ("arguments", "kind", "exit_code"),
    [
        (("status", "nowhere", "--json"), "StudyFileError", 2),
        (("run", "nowhere", "--json", "--to", "moon"), "StudyFileError", 2),
        (("status", "--json"), "BadInput", 2),
    ],
)
def test_errors_are_json_where_json_was_asked_for(run: Run, arguments: tuple, kind: str, exit_code: int) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (exit_code, "")
    told = json.loads(err)["error"]
    assert told["kind"] == kind and told["exit_code"] == exit_code
    assert told["what"]


def test_an_error_keeps_to_one_line_whatever_an_endpoint_said() -> None:
    line = error_json(DataError("bad\n\x1b[31mtext", "Do\nthis.", ["case\r1"]))
    assert "\n" not in line and "\x1b" not in line
    told = json.loads(line)["error"]
    assert told["what"].startswith("bad") and "\x1b" not in told["what"]
    assert json.loads(error_json(BadInput("x")))["error"]["exit_code"] == 2


def test_status_has_colours_on_a_terminal_alone(stub, stub_study, run: Run) -> None:
    pty = pytest.importorskip("pty")
    import os

    folder = stub_study(stub().url)
    run("elicit", folder, "--quiet")
    plain = run("status", folder)[1]
    assert "\x1b" not in plain
    for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        leader, follower = pty.openpty()
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm-256color"} | extra
        command = [sys.executable, "-m", "valuelex", "status", str(folder)]
        subprocess.run(
            command, stdout=follower, stdin=follower, stderr=subprocess.PIPE, env=environment, timeout=120, check=True
        )
        os.close(follower)
        shown = b""
        try:
            while block := os.read(leader, 65536):
                shown += block
        except OSError:
            pass
        os.close(leader)
        assert (b"\x1b[32m" in shown) == coloured
        assert b"elicit" in shown and b"missing" in shown
