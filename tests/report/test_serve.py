"""The report from a server: on this machine alone, read-only, with all rows, and with what the tables say now."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.report import browser
from valuelex.errors import BadInput, ResultsFolderError
from valuelex.report.evidence import Evidence
from valuelex.report.explore_rows import answers
from valuelex.report.serve import MOST, Server
from valuelex.study import Study
from valuelex.tables import write

Results = Callable[..., Study]


@contextmanager
def served(study: Study) -> Iterator[Server]:
    with Server(study, 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server: Server, path: str, method: str = "GET", host: str = "") -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=60)
    connection.request(method, path, headers={"Host": host} if host else {})
    reply = connection.getresponse()
    found = reply.status, dict(reply.getheaders()), reply.read().decode()
    connection.close()
    return found


def rows(server: Server, what: str, **query: Any) -> dict[str, Any]:
    status, _, text = ask(server, f"/api/{what}?{urlencode(query)}")
    assert status == 200, text
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_page_holds_no_answers_and_may_ask_this_server_alone(results: Results) -> None:
    with served(results(answer="a very special answer")) as server:
        status, headers, text = ask(server, "/")
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert "connect-src &#39;self&#39;" in text and "default-src &#39;none&#39;" in text
    held = text.split('id="explorer-data">')[1].split("</script>")[0]
    assert json.loads(held)["remote"] is True and "special" not in held
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store" and headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_rows_are_those_of_the_tables_page_by_page(results: Results) -> None:
    study = results()
    expected = answers(Evidence(study))
    with served(study) as server:
        first = rows(server, "answers", limit=5)
        rest = rows(server, "answers", offset=5, limit=MOST)
        assert first["total"] == rest["total"] == len(expected)
        assert [r["text"] for r in first["rows"] + rest["rows"]] == expected.text
        found = rows(server, "answers", word="honesty", model="gemma-3-270m")
        assert found["total"] == len(expected.found(word="honesty", model="gemma-3-270m")) > 0
        assert all("honesty" in r["words"] for r in found["rows"])
        judged = rows(server, "completions", model="gemma-3-270m", limit=1)["rows"][0]
    assert judged["stem"][1].startswith("What matters in case")
    assert {(judge, why) for judge, _, _, why in judged["judgements"]} == {
        ("embedded", "because"),
        ("second", "because"),
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/answers?limit=0", 400),
        (f"/api/answers?limit={MOST + 1}", 400),
        ("/api/answers?offset=-1", 400),
        ("/api/answers?colour=red", 400),
        ("/api/words", 404),
        ("/../study.yaml", 404),
        ("/study.yaml", 404),
        ("/api/answers?text=" + "x" * 3000, 414),
    ],
)
def test_what_it_does_not_serve(results: Results, path: str, status: int) -> None:
    with served(results()) as server:
        assert ask(server, path)[0] == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_is_read_only(results: Results, method: str) -> None:
    study = results()
    before = {p: p.read_bytes() for p in study.folder.rglob("*") if p.is_file()}
    with served(study) as server:
        assert ask(server, "/", method)[0] == 501
        ask(server, "/")
    assert {p: p.read_bytes() for p in study.folder.rglob("*") if p.is_file()} == before


def test_another_name_for_this_machine_is_refused(results: Results) -> None:
    with served(results()) as server:
        assert ask(server, "/", host="evil.example")[0] == 421
        assert ask(server, "/", host=f"localhost:{server.server_address[1]}")[0] == 200
        assert server.server_address[0] == "127.0.0.1"


def test_it_shows_what_the_tables_say_now(results: Results) -> None:
    study = results()
    table = study.read("responses")
    with served(study) as server:
        assert rows(server, "answers", text="something new")["total"] == 0
        table.loc[3, "text"] = "Something new was said."
        write("responses", table, study.results)
        assert rows(server, "answers", text="something new")["total"] == 1


def test_a_broken_table_is_said_and_the_server_lives(results: Results) -> None:
    study = results()
    with served(study) as server:
        whole = (study.results / "scores.parquet").read_bytes()
        (study.results / "scores.parquet").write_bytes(b"half a file")
        (study.results / "scores.csv").unlink()
        status, _, text = ask(server, "/")
        assert status == 503 and "scores" in text
        (study.results / "scores.parquet").write_bytes(whole)
        assert ask(server, "/")[0] == 200


def test_no_results_and_a_taken_port_are_named(results: Results, tmp_path: Path) -> None:
    study = results()
    with served(study) as server, pytest.raises(BadInput, match="cannot be had"):
        Server(study, server.server_address[1])
    empty = results(folder="empty", only=("none",))
    with pytest.raises(ResultsFolderError, match="holds no results"):
        Server(empty, 0)


@pytest.mark.browser
@pytest.mark.skipif(browser.MARKS[1].args[0], reason="chromium or chromedriver is not installed")
def test_the_page_works_in_a_browser(results: Results, tmp_path: Path) -> None:
    study = results()
    with served(study) as server:
        for driver in browser.driver(tmp_path / "profile"):
            browser.opened(driver, f"{server.address}#explore?model=gemma-3-270m")
            n = len(answers(Evidence(study)).found(model="gemma-3-270m"))
            said = driver.execute_script(
                "return document.getElementById('look-answers').previousElementSibling.textContent"
            )
            assert said == f"The first {n} of {n}."
            assert browser.complaints(driver) == []
            asked = driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
            assert asked and all(address.startswith(server.address) for address in asked)
