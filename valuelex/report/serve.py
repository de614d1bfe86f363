"""``valuelex serve``: the report with all its answers, on this machine alone, for studies too large for one file.

Read-only, on the loopback address, without a request to anywhere else. What models said is data here too: rows are JSON that
the page's script shows as text.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from valuelex.errors import BadInput, ResultsFolderError, ValuelexError
from valuelex.report.evidence import Evidence
from valuelex.report.explore import rows_of
from valuelex.report.explore_rows import Rows
from valuelex.report.page import page_of
from valuelex.study import Study

HOST = "127.0.0.1"
PORT = 8765
MOST = 200
"""Rows in one reply."""
LONGEST = 2000
"""Letters of a query."""
FILTERS = ("word", "model", "status", "text")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class BadQuery(BadInput):
    """A request that asks for what there is not."""


class Library:
    """A study's page and rows, made anew when a file of its results has changed.

    Parameters
    ----------
    study : Study
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._lock = threading.Lock()
        self._stamp: tuple[Any, ...] | None = None
        self._page = ""
        self._rows: dict[str, Rows] = {}

    def page(self) -> str:
        """Return the page; its answers come from `find`."""
        self._refresh()
        return self._page

    def find(self, what: str, query: dict[str, str]) -> dict[str, Any]:
        """Return so many rows that match, and how many there are.

        Parameters
        ----------
        what : {"answers", "completions"}
        query : dict
            word, model, status, text; offset (from 0) and limit (1 to `MOST`).

        Raises
        ------
        BadQuery
            For other keys, or numbers out of range.
        """
        unknown = set(query) - {*FILTERS, "offset", "limit"}
        if unknown:
            raise BadQuery(f"'{min(unknown)}' is no filter.", f"The filters are {', '.join(FILTERS)}.")
        offset, limit = _whole(query, "offset", 0, 10**9, 0), _whole(query, "limit", 1, MOST, 20)
        self._refresh()
        rows = self._rows[what]
        places = rows.found(**{name: query.get(name, "") for name in FILTERS})
        return {"total": len(places), "rows": [rows.row(i) for i in places[offset : offset + limit]]}

    def _refresh(self) -> None:
        with self._lock:
            stamp = _stamp(self._study.results, self._study.path)
            if stamp == self._stamp:
                return
            evidence = Evidence(self._study)
            self._page, self._rows = page_of(evidence, served=True), rows_of(evidence)
            self._stamp = stamp


def _stamp(results: Path, file: Path) -> tuple[Any, ...]:
    paths = [file, *sorted(p for p in results.glob("*") if p.is_file())]
    return tuple((p.name, p.stat().st_mtime_ns, p.stat().st_size) for p in paths if p.exists())


def _whole(query: dict[str, str], name: str, low: int, high: int, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise BadQuery(f"{name}={text[:20]} is not a whole number from {low} to {high}.", "Leave it out.")
    return int(text)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "valuelex"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        # Another site's page may lead a browser here under a name of its own (DNS rebinding): only our own names are served.
        if self.headers.get("Host", "") not in self.server.names:
            self._send(
                HTTPStatus.MISDIRECTED_REQUEST, "text/plain", "This server answers to its own address alone.\n", body
            )
            return
        if len(self.path) > LONGEST:
            self._send(HTTPStatus.REQUEST_URI_TOO_LONG, "text/plain", "The address is too long.\n", body)
            return
        address = urlsplit(self.path)
        try:
            if address.path == "/":
                self._send(HTTPStatus.OK, "text/html", self.server.library.page(), body)
            elif address.path in ("/api/answers", "/api/completions"):
                found = self.server.library.find(address.path.rsplit("/", 1)[1], dict(parse_qsl(address.query)))
                self._send(HTTPStatus.OK, "application/json", json.dumps(found), body)
            else:
                self._send(HTTPStatus.NOT_FOUND, "text/plain", "There is nothing here. The report is at /\n", body)
        except BadQuery as error:
            self._send(HTTPStatus.BAD_REQUEST, "text/plain", f"{error}\n", body)
        except ValuelexError as error:
            # A run may be writing its tables just now.
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", f"{error}\n", body)

    def _send(self, status: HTTPStatus, kind: str, text: str, body: bool) -> None:
        content = text.encode("utf-8", errors="replace")
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if kind != "text/html":
            # The page carries its own policy, with the fingerprints of its scripts.
            self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what is looked at is the reader's own business."""


class Server(ThreadingHTTPServer):
    """The server of one study.

    Parameters
    ----------
    study : Study
    port : int
        0 takes a free one; see `address`.

    Raises
    ------
    ResultsFolderError
        If there are no results.
    BadInput
        If the port is taken.
    """

    daemon_threads = True

    def __init__(self, study: Study, port: int = PORT) -> None:
        if not study.results.is_dir():
            raise ResultsFolderError(
                f"{study.results}: holds no results.", f"Run the study first: valuelex run {study.folder}"
            )
        self.library = Library(study)
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise BadInput(
                f"Port {port} cannot be had ({error}).", "Name another one with --port, or 0 for a free one."
            ) from error
        here = self.server_address[1]
        self.names = {f"{HOST}:{here}", f"localhost:{here}"}
        self.address = f"http://{HOST}:{here}/"


def serve(study: Study, port: int = PORT, *, ready: Callable[[str], None]) -> None:
    """Show a study's report until interrupted.

    Parameters
    ----------
    study : Study
    port : int
    ready : callable
        Called with the address as soon as it can be opened.
    """
    with Server(study, port) as server:
        ready(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
