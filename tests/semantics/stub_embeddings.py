"""A STUB of an OpenAI-compatible /embeddings endpoint, for tests. No model is behind it: vectors are hashes of their texts."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any


def stub_vector(text: str, size: int = 5) -> list[float]:
    """Numbers between -1 and 1 from the text's hash."""
    content = hashlib.sha256(text.encode()).digest()
    return [byte / 127.5 - 1 for byte in content[:size]]


@contextmanager
def stub_embeddings(*, key: str = "", fail_from: int = 10**9, size: int = 5, short: bool = False) -> Iterator[Any]:
    """Serve on loopback; `texts` lists what was asked for, call by call."""
    seen = SimpleNamespace(texts=[], url="")

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if key and self.headers.get("Authorization") != f"Bearer {key}":
                self.reply(401, {"error": {"message": f"invalid key {self.headers.get('Authorization')}"}})
            elif len(seen.texts) >= fail_from:
                self.reply(400, {"error": {"message": "the stub fails as told"}})
            else:
                seen.texts.append(body["input"])
                rows = [
                    {"object": "embedding", "index": i, "embedding": stub_vector(text, size)}
                    for i, text in enumerate(body["input"])
                ]
                # Out of order, as a server may answer.
                data = rows[::-1][: 1 if short else None]
                self.reply(200, {"object": "list", "data": data, "model": body["model"], "usage": {}})

        def reply(self, status: int, body: dict) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
