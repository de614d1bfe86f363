"""The command line: exit codes, one or two lines on stderr, no traceback, and the commands of a newcomer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import valuelex

Run = Callable[..., tuple[int, str, str]]


def test_version_and_help(run: Run) -> None:
    assert run("--version") == (0, f"valuelex {valuelex.__version__}\n", "")
    code, out, _ = run("--help")
    assert code == 0
    for command in (
        "init",
        "run",
        "elicit",
        "lexicon",
        "taxonomy",
        "instrument",
        "administer",
        "judge",
        "score",
        "compare",
        "report",
    ):
        assert command in out
    for command in ("status", "trace", "prompt", "models"):
        assert command in out


def test_init_run_status_prompt_trace(run: Run, stub, stub_study, tmp_path: Path) -> None:
    code, out, _ = run("init", tmp_path / "new")
    assert code == 0
    assert "valuelex run" in out
    assert (tmp_path / "new" / "study.yaml").is_file()
    folder = stub_study(stub().url)
    code, out, _ = run("run", folder, "--dry-run")
    assert code == 0
    assert "calls to make" in out
    assert not (folder / "results").exists()
    code, out, err = run("run", folder)
    assert code == 0
    assert out.strip().endswith("report.html")
    assert Path(out.split("Report: ")[1].strip()).is_file() or (folder / "results" / "report.html").is_file()
    assert "elicit       alpha-7b-chat: 45/45 answers" in err
    assert "tokens/s" in err
    code, out, _ = run("status", folder)
    assert [line.split()[1] for line in out.splitlines()] == ["done"] * 9
    code, out, _ = run("prompt", folder, "--item", 1)
    assert "--- user" in out
    code, _, err = run("trace", folder, "--model", "alpha-7b-chat")
    assert code == 2 and "a word, or a model and a dimension" in err
    code, _, err = run("trace", folder, "--model", "nobody", "--dimension", "X")
    assert code == 2 and "'nobody'" in err
    code, out, _ = run("trace", folder, "honesty")
    assert code == 0
    assert "kept: value lexicon" in out
    code, _, err = run("run", folder, "--to", "taxonomy")
    assert code == 0
    assert "up to date" in err


def test_a_stage_of_its_own(run: Run, stub, stub_study) -> None:
    folder = stub_study(stub().url)
    code, out, _ = run("lexicon", folder)
    assert code == 0
    assert out.startswith("Results: ")
    assert (folder / "results" / "words.csv").is_file()
    assert not (folder / "results" / "taxonomy.json").exists()


def bad(content: str) -> Callable[[Path], list]:
    def prepare(folder: Path) -> list:
        (folder / "study.yaml").write_text(content)
        return ["run", folder]

    return prepare


ENDPOINT = "models: [{id: a, base_url: 'http://127.0.0.1:9/v1'}]\n"


def foreign_results(folder: Path) -> list:
    (folder / "study.yaml").write_text("name: mine\n" + ENDPOINT)
    (folder / "results").mkdir()
    (folder / "results" / "manifest.json").write_text(
        json.dumps(
            {"study": "theirs", "seed": 1, "settings": {}, "valuelex": "0", "python": "3", "packages": {}, "stages": {}}
        )
    )
    return ["run", folder]


def unwritable(folder: Path) -> list:
    (folder / "study.yaml").write_text(ENDPOINT + "results: taken/results\n")
    (folder / "taken").write_text("a file")
    return ["run", folder]


def full_disk(folder: Path) -> list:
    (folder / "study.yaml").write_text("models: []\ninputs: {words: w.csv}\n")
    (folder / "w.csv").write_text("respondent_id,word\na,honesty\nb,honesty\n")
    (folder / "results").mkdir()
    return ["run", folder, "--to", "nosuchstage"]


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (bad(ENDPOINT + "sead: 1\n"), "study.yaml, line 2: unknown key 'sead'"),
        (bad(ENDPOINT + "elicitation: {samples: two}\n"), "study.yaml, line 2: elicitation.samples"),
        (bad("models: [{id: gpt-17}]\n"), "'gpt-17' is not in the registry"),
        (bad(ENDPOINT + "elicitation: {prompts: []}\n"), "no prompts"),
        (bad(ENDPOINT + "elicitation: {prompts: nosuch}\n"), "nosuch.yaml does not exist"),
        (bad(ENDPOINT), "http://127.0.0.1:9/v1 cannot be reached"),
        (bad("models: [{id: a, base_url: 'http://127.0.0.1:9/v1', api_key_env: NO_SUCH_KEY}]\n"), "NO_SUCH_KEY"),
        (bad(ENDPOINT + "inputs: {words: none.csv}\n"), "none.csv does not exist"),
        (foreign_results, "holds the results of the study 'theirs', not of 'mine'"),
        (unwritable, "cannot be written"),
        (full_disk, "'nosuchstage' is no stage"),
        (lambda folder: ["run", folder / "nothing"], "no such study file"),
        (lambda folder: ["run"], "Missing argument"),
        (lambda folder: ["runn", folder], "No such command"),
        (lambda folder: ["init", folder, "--template", "x"], "--template x is unknown"),
        (lambda folder: ["prompt", folder, "--item", "many"], "Invalid value for '--item'"),
    ],
)
def test_bad_input_ends_with_2_and_at_most_two_lines(run: Run, tmp_path: Path, prepare: Callable, said: str) -> None:
    code, _, err = run(*prepare(tmp_path))
    # Lines of progress come before; the complaint is what starts with the command's name.
    complaint = err[err.index("valuelex: ") :].strip().splitlines()
    assert code == 2, err
    assert said in complaint[0]
    assert len(complaint) <= 2
    assert "Traceback" not in err


def test_a_full_disk_ends_with_2(run: Run, stub, stub_study) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    folder = stub_study(stub().url)
    (folder / "results").mkdir()
    (folder / "results" / "calls.jsonl").symlink_to("/dev/full")
    code, _, err = run("run", folder)
    assert code == 2
    assert "the disk is full" in err


def test_a_wrong_key_ends_with_2_and_is_not_shown(run: Run, stub, stub_study, monkeypatch: pytest.MonkeyPatch) -> None:
    server = stub("--key", "right")
    monkeypatch.setenv("ALPHA_KEY", "wr0ng-s3cret")
    models = [{"id": "a", "base_url": server.url, "api_key_env": "ALPHA_KEY"}]
    code, out, err = run("run", stub_study(server.url, models=models))
    assert code == 2
    assert "refuses the key in $ALPHA_KEY" in err
    assert "wr0ng" not in out + err


def test_a_cut_off_ledger_line_is_said_and_the_run_goes_on(run: Run, stub, stub_study) -> None:
    folder = stub_study(stub().url)
    assert run("elicit", folder)[0] == 0
    ledger = folder / "results" / "calls.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-30])
    (folder / "results" / "responses.csv").unlink()
    code, _, err = run("elicit", folder)
    assert code == 0
    assert "the last line was cut off" in err


# ---- as a process of its own ----

FORBIDDEN = (
    "torch",
    "sentence_transformers",
    "umap",
    "hdbscan",
    "statsmodels",
    "plotly",
    "sklearn",
    "pandas",
    "scipy",
    "openai",
)


@pytest.mark.parametrize(
    "code", ["import valuelex", "import sys; sys.argv = ['valuelex', '--help']; import valuelex.cli as c; c.main()"]
)
def test_start_up_loads_nothing_heavy(code: str) -> None:
    told = f"print([m for m in {FORBIDDEN!r} if m in sys.modules], file=sys.stderr)"
    check = f"import sys, atexit\natexit.register(lambda: {told})\n"
    done = subprocess.run([sys.executable, "-c", check + code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_python_m_valuelex(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "valuelex", "run", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("valuelex: ")
    assert "Traceback" not in done.stderr


def test_ctrl_c_says_that_nothing_is_lost(stub, stub_study) -> None:
    import signal
    import time

    server = stub("--delay", "0.2")
    folder = stub_study(server.url)
    process = subprocess.Popen(
        [sys.executable, "-m", "valuelex", "run", str(folder)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell starts background jobs with SIGINT ignored, and children inherit that: tests run with & would wait in vain.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until = time.monotonic() + 60
    while len(server.requests()) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Everything answered so far is kept" in err
    assert "Traceback" not in err
