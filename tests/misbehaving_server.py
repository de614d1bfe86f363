"""A STUB of an OpenAI-compatible endpoint that misbehaves on command. No model is behind it.

    python tests/misbehaving_server.py [--latency .2] [--key SECRET] [--rules '[{"kind": "429", "times": 20}]'] ...

It prints its base URL. The first rule that applies to a call decides; where none does, the call is answered as by
`tests/stub_server.py`: the answer depends on the request body alone. A rule has

    kind      a status code ("429", "500", "401", ...), or hang, drip, reset, reset-body, truncated, html, empty, null, crowd
    after     calls before it begins (default 0); times: calls that it lasts (default: for ever)
    share     share of these calls that it hits (default 1), drawn from `seed` and the call's number
    headers   further headers; in "Retry-After", "date+2" becomes an HTTP date two seconds ahead
    code      the error's code; message: its message, in which {key} becomes the key that was sent
    most      of crowd: 429 for whoever comes while so many calls are in flight
    body      the rule applies only to calls whose body holds this text
    delay     seconds before a status code is sent (default 0)

With --nursery it starts a server for each line of arguments, a JSON list, that comes in.

GET /log gives what was asked, POST /rules replaces the rules. Files and batches work like OpenAI's; --batch-polls says how
often a batch must be asked for before it is done, --batch-lose which share of its lines expires.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parent))

from stub_server import answer

NEVER = 10**12


class MisbehavingStub:
    """The stub's state: what was asked, how to behave, files and batches."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.rules: list[dict[str, Any]] = json.loads(options.rules)
        self.calls: list[dict[str, Any]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.log = Path(options.log).open("a", encoding="utf-8") if options.log else None  # noqa: SIM115

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2**30)
        app.add_routes(
            [
                web.get("/v1/models", self.models),
                web.post("/v1/chat/completions", self.call),
                web.post("/v1/completions", self.call),
                web.get("/log", self.read_log),
                web.post("/rules", self.new_rules),
                web.post("/v1/files", self.upload),
                web.get("/v1/files/{id}/content", self.download),
                web.post("/v1/batches", self.new_batch),
                web.get("/v1/batches", self.list_batches),
                web.get("/v1/batches/{id}", self.batch),
            ]
        )
        return app

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": []})

    async def read_log(self, request: web.Request) -> web.Response:
        seen = {"calls": self.calls, "most_in_flight": self.most_in_flight, "batches": len(self.batches)}
        return web.json_response(seen | {"files": len(self.files)})

    async def new_rules(self, request: web.Request) -> web.Response:
        self.rules = await request.json()
        return web.json_response({})

    # ---- calls ----

    async def call(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw)
        number = len(self.calls)
        rule = self._rule(number, json.dumps(body, sort_keys=True))
        kind = rule["kind"] if rule else "ok"
        if kind == "crowd" and self.in_flight < rule["most"]:
            kind = "ok"
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.options.key and key != self.options.key:
            kind = "401"
        entry = {"n": number, "at": time.monotonic(), "path": request.path, "kind": kind, "body": body}
        entry["headers"] = {k.lower(): v for k, v in request.headers.items() if k.lower() != "authorization"}
        self.calls.append(entry)
        if self.log:
            self.log.write(json.dumps({"kind": kind, **body}) + "\n")
            self.log.flush()
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            return await self._behave(kind, rule or {}, request, body, key)
        finally:
            self.in_flight -= 1

    def _rule(self, number: int, raw: str) -> dict[str, Any] | None:
        for rule in self.rules:
            first = rule.get("after", 0)
            if not first <= number < first + rule.get("times", NEVER) or rule.get("body", "") not in raw:
                continue
            if random.Random(f"{rule.get('seed', 0)}/{number}").random() < rule.get("share", 1.0):
                return rule
        return None

    async def _behave(
        self, kind: str, rule: dict[str, Any], request: web.Request, body: dict[str, Any], key: str
    ) -> web.StreamResponse:
        if kind == "crowd":
            kind = "429"
        if kind.isdigit():
            await asyncio.sleep(rule.get("delay", 0.0))
            headers = dict(rule.get("headers", {}))
            wait = str(headers.get("Retry-After", ""))
            if wait.startswith("date+"):
                until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=float(wait[5:]))
                headers["Retry-After"] = format_datetime(until, usegmt=True)
            message = rule.get("message", "the stub fails as told").replace("{key}", key)
            error = {"message": message, "type": "stub", "code": rule.get("code")}
            return web.json_response({"error": error}, status=int(kind), headers=headers)
        if self.options.latency:
            await asyncio.sleep(self.options.latency)
        text = json.dumps(self._reply(request.path, body))
        if kind == "hang":
            await asyncio.sleep(3600)
        if kind == "reset":
            _cut(request)
            return web.Response()
        if kind in ("drip", "reset-body"):
            response = web.StreamResponse(
                headers={"Content-Type": "application/json", "Content-Length": str(len(text))}
            )
            await response.prepare(request)
            for i in range(0, len(text), 4):
                await response.write(text[i : i + 4].encode())
                if kind == "reset-body" and i > 40:
                    _cut(request)
                    return response
                await asyncio.sleep(0.2 if kind == "drip" else 0.0)
            return response
        bodies = {"truncated": text[: len(text) // 2], "empty": '{"id": "stub", "choices": []}', "null": "null"}
        if kind == "html":
            return web.Response(text="<html>a web page</html>", content_type="text/html")
        return web.Response(text=bodies.get(kind, text), content_type="application/json")

    def _reply(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        text, thinking = answer(body), self.options.thinking
        chat = path.endswith("/chat/completions")
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        words = text.split()
        if chat and body.get("logprobs"):
            tokens = [{"token": w, "logprob": -0.5, "bytes": [1], "top_logprobs": []} for w in words]
            choice["logprobs"] = {"content": tokens}
        elif body.get("logprobs"):
            choice["logprobs"] = {"tokens": words, "token_logprobs": [None] + [-0.5] * (len(words) - 1)}
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if thinking == "field":
            message["reasoning_content"] = "hidden thoughts"
        elif thinking == "tags":
            text = message["content"] = f"<think>hidden thoughts</think>\n\n{text}"
        elif thinking == "unclosed":
            text = message["content"] = f"<think>hidden thoughts {text}"
        choice |= {"message": message} if chat else {"text": text}
        reply = {"id": "stub", "object": "x", "created": 0, "model": body["model"], "choices": [choice]}
        if self.options.usage:
            reply["usage"] = {"prompt_tokens": 10, "completion_tokens": len(words), "total_tokens": 10 + len(words)}
        return reply

    # ---- files and batches ----

    async def upload(self, request: web.Request) -> web.Response:
        content = b""
        async for part in await request.multipart():
            if part.name == "file":
                content = bytes(await part.read())
        name = f"file-{len(self.files)}"
        self.files[name] = content
        return web.json_response(
            {"id": name, "object": "file", "bytes": len(content), "created_at": 0, "filename": "x", "purpose": "batch"}
        )

    async def download(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["id"]], content_type="application/octet-stream")

    async def new_batch(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        name = f"batch-{len(self.batches)}"
        self.batches[name] = {
            "id": name, "object": "batch", "endpoint": wanted["endpoint"], "completion_window": "24h", "created_at": 0,
            "input_file_id": wanted["input_file_id"], "status": "validating", "metadata": wanted.get("metadata"), "polls": 0,
        }  # fmt: skip
        await asyncio.sleep(self.options.latency)
        return web.json_response(self.batches[name])

    async def list_batches(self, request: web.Request) -> web.Response:
        found = list(self.batches.values())[::-1]
        after, limit = request.query.get("after"), int(request.query.get("limit", 20))
        if after:
            found = found[[b["id"] for b in found].index(after) + 1 :]
        return web.json_response({"object": "list", "data": found[:limit], "has_more": len(found) > limit})

    async def batch(self, request: web.Request) -> web.Response:
        batch = self.batches[request.match_info["id"]]
        batch["polls"] += 1
        if batch["polls"] >= self.options.batch_polls and "output_file_id" not in batch:
            if self.options.batch_fails:
                problem = {"code": "invalid_json", "message": "the stub refuses the file", "line": 1}
                batch |= {"status": "failed", "errors": {"object": "list", "data": [problem]}}
            else:
                self._finish(batch)
        return web.json_response(batch)

    def _finish(self, batch: dict[str, Any]) -> None:
        good, bad = [], []
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        random.Random(1).shuffle(lines)  # results come in any order
        for line in lines:
            lost = random.Random(f"{batch['id']}/{line['custom_id']}").random() < self.options.batch_lose
            entry: dict[str, Any] = {"id": "x", "custom_id": line["custom_id"], "response": None, "error": None}
            if lost:
                entry["error"] = {"code": "batch_expired", "message": "This request could not be executed in time."}
                bad.append(entry)
                continue
            self.calls.append({"n": len(self.calls), "path": line["url"], "kind": "batch", "body": line["body"]})
            entry["response"] = {"status_code": 200, "request_id": "x", "body": self._reply(line["url"], line["body"])}
            good.append(entry)
        for name, entries in (("output_file_id", good), ("error_file_id", bad)):
            file = f"{batch['id']}-{name}"
            self.files[file] = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
            batch[name] = file if entries else None
        batch["status"] = "expired" if bad else "completed"


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def serve(options: argparse.Namespace) -> None:
    runner = web.AppRunner(MisbehavingStub(options).app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port, backlog=1024)
    await site.start()
    port = runner.addresses[0][1]
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    await asyncio.Event().wait()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--key", default="")
    parser.add_argument("--log", default="")
    parser.add_argument("--rules", default="[]")
    parser.add_argument("--thinking", default="", choices=["", "field", "tags", "unclosed"])
    parser.add_argument("--usage", type=int, default=1)
    parser.add_argument("--batch-polls", type=int, default=1)
    parser.add_argument("--batch-lose", type=float, default=0.0)
    parser.add_argument("--batch-fails", type=int, default=0)
    parser.add_argument(
        "--nursery", action="store_true", help="start a server for each JSON list of arguments on stdin"
    )
    options = parser.parse_args(arguments)
    if options.nursery:
        nursery()
    else:
        asyncio.run(serve(options))


def nursery() -> None:
    """Start servers by forking and print process id and base URL of each: to import aiohttp takes longer than most tests."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who was killed is gone, without being waited for
    for line in sys.stdin:
        if os.fork() == 0:
            print(os.getpid(), end=" ")
            main(json.loads(line))


if __name__ == "__main__":
    main()
