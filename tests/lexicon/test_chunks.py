"""However the answers are cut into chunks and wherever these are read, the tables are the same to the byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from valuelex.errors import SettingError, TableError
from valuelex.lexicon import LexiconSettings, build, run

HERE = Path()
KNOWN = LexiconSettings(unknown=False)

words = st.sampled_from(
    ["honesty", "Honest", "love", "respect for others", "table", "quokka", "Adehreb", "kindness", "it", "ß"]
)
answers = st.one_of(
    st.lists(words, max_size=6).map(", ".join),
    st.lists(words, min_size=1, max_size=4).map(lambda found: "\n".join(f"{i}. {w}" for i, w in enumerate(found, 1))),
    st.lists(words, min_size=1, max_size=3).map(
        lambda found: "I think that " + " and ".join(found) + " matter to me a lot."
    ),
    st.text(max_size=30).filter(lambda text: text.isascii() or text.encode("utf-8", "ignore").decode() == text),
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "text": answers,
            "respondent_id": st.sampled_from(["a/1", "a/2", "b/1"]),
            "status": st.sampled_from(["ok", "ok", "ok", "refused"]),
            "status_reason": st.sampled_from([None, "cut off at max_tokens"]),
        }
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows, st.integers(1, 13))
def test_chunks_make_no_difference(table, written, tmp_path_factory, found: list[dict], chunk: int) -> None:
    folder = tmp_path_factory.mktemp("chunks")
    responses = table(found)
    whole = run(responses, KNOWN, embedder=None, folder=HERE)
    parts = run(responses, KNOWN, embedder=None, folder=HERE, chunk=chunk, n_jobs=1)
    assert written(whole, folder / "whole") == written(parts, folder / "parts")


def test_processes_make_no_difference(table, written, tmp_path: Path) -> None:
    responses = table([{"text": f"honesty, word{i}, love", "respondent_id": f"a/{i % 7}"} for i in range(60)])
    one = run(responses, KNOWN, embedder=None, folder=HERE, chunk=7, n_jobs=1)
    two = run(responses, KNOWN, embedder=None, folder=HERE, chunk=11, n_jobs=2)
    assert written(one, tmp_path / "one") == written(two, tmp_path / "two")


def test_repeated_ids_and_chunks_of_nothing_are_refused(table) -> None:
    responses = table([{"text": "love", "respondent_id": "a/1"}] * 2)
    with pytest.raises(SettingError, match="chunk=0"):
        run(responses, KNOWN, embedder=None, folder=HERE, chunk=0)
    responses["response_id"] = "same"
    with pytest.raises(TableError, match="row 2 repeats the key"):
        run(responses, KNOWN, embedder=None, folder=HERE)


@pytest.fixture
def ledgers(line, tmp_path: Path) -> list[Path]:
    """Two ledgers: 40 answers of two models, an error, a refusal, a cut-off answer."""
    first = [line("honesty, love", model="a", seed=i) for i in range(20)]
    first.append(line("", model="a", seed=99, status="error", error="400: no"))
    second = [line(f"1. Honesty\n2. quokka\n3. word{i % 3}", model="b", seed=i, sample_index=i) for i in range(20)]
    second.append(line("I'm sorry, but I can't help with that.", model="b", seed=98))
    second.append(line("love, self", model="b", seed=97, finish="length"))
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path, lines in zip(paths, (first, second), strict=True):
        path.write_text("".join(lines), encoding="utf-8")
    return paths


@pytest.mark.parametrize("block", [60, 777, 2**20])
def test_byte_ranges_make_no_difference(ledgers, written, tmp_path: Path, block: int) -> None:
    whole = build(ledgers, KNOWN, embedder=None, folder=HERE, block=10**9)
    parts = build(ledgers, KNOWN, embedder=None, folder=HERE, block=block, n_jobs=1)
    assert written(whole.tables, tmp_path / "whole") == written(parts.tables, tmp_path / "parts")
    assert len(whole.tables["responses"]) == 43


def test_a_build_is_the_step_on_the_same_responses(ledgers, written, tmp_path: Path) -> None:
    built = build(ledgers, KNOWN, embedder=None, folder=HERE)
    tables = dict(built.tables)
    responses = tables.pop("responses")
    made = run(responses, KNOWN, embedder=None, folder=HERE)
    assert written(made, tmp_path / "one") == written({name: tables[name] for name in made}, tmp_path / "two")
    assert responses["status"].value_counts().to_dict() == {"ok": 41, "error": 1, "refused": 1}
    assert set(responses["respondent_id"]) == {"a/t0.7/p0.95", "b/t0.7/p0.95"}
    assert responses["prompt_id"].nunique() == 1


def test_the_first_usable_record_of_a_call_counts(line, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    error, good, later = line("", status="error", error="503"), line("honesty"), line("love")
    lost = [line("", status="error", error=why, seed=5) for why in ("first", "last")]
    path.write_text("".join([error, good, later, *lost]), encoding="utf-8")
    built = build([path], LexiconSettings(unknown=False, min_respondents=1), embedder=None, folder=HERE)
    assert built.tables["responses"]["text"].tolist() == ["honesty", ""]
    assert built.tables["responses"]["status_reason"].tolist()[1] == "last"
    assert built.tables["words"]["word"].tolist() == ["honesty"]
    assert built.superseded == 3


def test_lines_that_are_no_calls_are_counted_and_left_out(line, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    good = line(
        "honesty, love", place={"respondent_id": "r", "prompt_id": "q", "elicitation": "closed", "persona": "nurse"}
    )
    path.write_bytes(
        b'{"key":"x","request":{}}\n'
        + good.encode()
        + b"\xff\xfe\x00garbage\n\n[1, 2]\n"
        + line("peace", seed=3).encode()[:-40]
    )
    built = build([path], KNOWN, embedder=None, folder=HERE)
    assert built.set_aside == 4
    row = built.tables["responses"].iloc[0]
    assert row[["respondent_id", "prompt_id", "elicitation", "persona"]].tolist() == ["r", "q", "closed", "nurse"]


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.sampled_from(["\ud800", "chat", "\x00", "nan"]),
)


@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_stands_in_a_line_no_build_fails(line, tmp_path_factory, data) -> None:
    call = json.loads(line("honesty", place={"prompt_id": "p", "order": 1}, seed=7))
    room = data.draw(st.sampled_from([call, call["request"], call["response"], call["place"]]))
    room[data.draw(st.sampled_from(sorted(room)))] = data.draw(ODD)
    path = tmp_path_factory.mktemp("odd") / "calls.jsonl"
    path.write_text(line("love") + json.dumps(call) + "\n" + line("peace", seed=2), encoding="utf-8")
    built = build([path], KNOWN, embedder=None, folder=HERE, n_jobs=1)
    assert len(built.tables["responses"]) + built.set_aside == 3
    assert {"love", "peace"} <= set(built.tables["words"]["word"])


def test_only_placed_lines_where_wanted(line, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(line("honesty", place={"prompt_id": "p"}) + line("a judge says 4", seed=2), encoding="utf-8")
    built = build([path], KNOWN, embedder=None, folder=HERE, only_placed=True)
    assert built.tables["responses"]["prompt_id"].tolist() == ["p"]
    assert built.set_aside == 1


def test_what_a_line_says_of_its_design(line, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(
        line("love", messages=(("system", "You are a nurse."), ("user", "Which?")))
        + line("love", messages=(), prompt="My values: 1.", mode="completion", temperature=None)
        + line("love", extra={"grammar": "root ::= x"})
        + line("", finish="scored", seed=8),
        encoding="utf-8",
    )
    rows = build([path], KNOWN, embedder=None, folder=HERE).tables["responses"]
    assert rows["respondent_id"].str.count("/").tolist() == [3, 2, 2]  # the scored call is not among them
    assert rows["respondent_id"].iloc[1] == "m/tdefault/p0.95"
    assert rows["prompt_id"].nunique() == 3
    assert rows["elicitation"].tolist() == ["open", "open", "closed"]
    assert rows["mode"].tolist() == ["chat", "completion", "chat"]


def test_answers_that_no_file_can_hold_are_mended(line, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(line("honesty, \ud800, nul\x00l") + line('["\\ud800abc"]', seed=2), encoding="utf-8")
    rows = build([path], KNOWN, embedder=None, folder=HERE).tables
    assert rows["words"]["raw"].tolist() == ["honesty", "nul\ufffdl", "?abc"]


def test_no_ledger_and_an_empty_one_give_empty_tables(tmp_path: Path) -> None:
    (tmp_path / "calls.jsonl").write_text("")
    for paths in ([], [tmp_path / "calls.jsonl"]):
        made = build(paths, KNOWN, embedder=None, folder=HERE).tables
        assert [len(made[name]) for name in ("responses", "words", "lexicon")] == [0, 0, 0]


def test_a_dask_cluster_makes_no_difference(ledgers, written, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    import joblib

    one = build(ledgers, KNOWN, embedder=None, folder=HERE, n_jobs=1)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(tmp_path)
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        far = build(ledgers, KNOWN, embedder=None, folder=HERE, block=2_000)
    assert written(one.tables, tmp_path / "one") == written(far.tables, tmp_path / "far")


@pytest.mark.parametrize(
    "text",
    [
        "a" + " " * 10**6 + "b",
        "a" + " " * 10**6 + "/ b and c",
        "love and " * 10**5,
        "a / " * 10**5,
        " and" * 10**5 + " ",
        "x" * 10**7,
        "." * 10**6 + "a. " * 10**5,
        "\x00" * 10**6,
        "<" * 10**6 + "</a" * 10**5,
        "values " * 10**5 + ":",
        "1. " * 10**5,
        "the a an my " * 10**5,
        "- " * 10**6,
        "[" * 10**6,
        '["' + "honest " * 10**5 + '"]',
        "{" * 10**5 + '"a":',
        "honesty of " * 10**5,
        "\u2019" * 10**6 + "self-" * 10**5,
        "integrity guides me " * 10**5,
        "\n" * 10**6 + "love",
        " \t\r" * 10**5 + "love and  or  & peace",
    ],
    ids=range(21),
)
def test_no_answer_takes_quadratic_time(table, text: str) -> None:
    """Each would take hours if a pattern tried every character against every other."""
    made = run(table([{"text": text, "respondent_id": "a/1"}]), KNOWN, embedder=None, folder=HERE)["words"]
    for column, longest in (("raw", 120), ("word", 120), ("reason", 200)):
        assert all(len(cell) <= longest for cell in made[column].dropna())
