"""A STUB of an OpenAI-compatible endpoint, for tests of faults and of resuming. No model is behind it.

    python tests/stub_server.py --port 0 --log requests.jsonl [--delay .01] [--key SECRET] [--fail 503 --fail-after 10]

It prints its base URL. An answer depends on the request body alone, so that two runs of one study get the same answers. Every
request is logged before it is answered: the log tells what was asked, and how often.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GROUPS = (
    ["honesty", "integrity", "truthfulness", "sincerity", "fairness", "justice"],
    ["compassion", "kindness", "empathy", "generosity", "care", "love"],
    ["competence", "accuracy", "knowledge", "excellence", "efficiency", "diligence"],
)
TAILS = (
    "I tell the truth even when it costs me.",
    "I help whoever asks.",
    "I check every number twice.",
    "I do not care.",
)


def answer(body: dict) -> str:
    """A list of values, a completed sentence, or a judge's JSON; it depends on the body alone."""
    text = body.get("prompt") or " ".join(m["content"] for m in body.get("messages", []))
    number = int(hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(), 16)
    if "response_format" in body:
        return _structured(body["response_format"], number)
    if "values" in text.lower() or "words" in text.lower():
        if number % 17 == 0:
            return "I'm sorry, but I cannot answer that."
        # The model and persona lean to a group, so that there is a structure to be found.
        lean = int(hashlib.sha256((body["model"] + str(body.get("temperature"))).encode()).hexdigest(), 16)
        first, second = GROUPS[lean % 3], GROUPS[number % 3]
        picked = [first[(number + i) % 6] for i in (0, 1, 3, 4)] + [
            second[(number >> 8) % 6],
            second[(number >> 16) % 6],
        ]
        return ", ".join(w.capitalize() for w in picked)
    return TAILS[number % len(TAILS)]


def _structured(response_format: dict, number: int) -> str:
    schema = response_format.get("json_schema", {}).get("schema", {})

    def fill(node: dict, salt: int) -> object:
        if "enum" in node:
            return node["enum"][salt % len(node["enum"])]
        for key in ("anyOf", "oneOf"):
            if key in node:
                return fill(node[key][0], salt)
        kind = node.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return {k: fill(v, salt + i) for i, (k, v) in enumerate(node.get("properties", {}).items())}
        if kind == "array":
            return [fill(node.get("items", {}), salt + i) for i in range(node.get("minItems", 1))]
        if kind in ("integer", "number"):
            return salt % 7
        if kind == "boolean":
            return True
        return "because it says so"

    return json.dumps(fill(schema, number % 1000))


class StubHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options: argparse.Namespace
    lock = threading.Lock()
    count = 0

    def log_message(self, *args: object) -> None:
        pass

    def _send(self, status: int, body: dict) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _authorised(self) -> bool:
        if self.options.key and self.headers.get("Authorization") != f"Bearer {self.options.key}":
            self._send(401, {"error": {"message": "invalid api key", "type": "invalid_request_error"}})
            return False
        return True

    def do_GET(self) -> None:
        if self._authorised():
            self._send(200, {"object": "list", "data": [{"id": "alpha", "object": "model"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._authorised():
            return
        with self.lock:
            StubHandler.count += 1
            number = StubHandler.count
            if self.options.log:
                with Path(self.options.log).open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"path": self.path, **body}) + "\n")
        time.sleep(self.options.delay)
        if self.options.fail and self.options.fail_after < number <= self.options.fail_after + self.options.fail_times:
            self._send(self.options.fail, {"error": {"message": "the stub fails as told", "type": "server_error"}})
            return
        text = answer(body)
        chat = self.path.endswith("/chat/completions")
        choice = {"index": 0, "finish_reason": "stop"}
        choice |= {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        usage = {"prompt_tokens": 10, "completion_tokens": len(text.split()), "total_tokens": 10 + len(text.split())}
        kind = "chat.completion" if chat else "text_completion"
        self._send(
            200,
            {"id": "stub", "object": kind, "created": 0, "model": body["model"], "choices": [choice], "usage": usage},
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", default="")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--key", default="")
    parser.add_argument("--fail", type=int, default=0)
    parser.add_argument("--fail-after", type=int, default=0)
    parser.add_argument("--fail-times", type=int, default=10**9)
    StubHandler.options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", StubHandler.options.port), StubHandler)
    print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
