"""A language model that names the pieces of a study: planned, asked once, replayed, refused before a call where it must be."""

from __future__ import annotations

import pytest

import valuelex
from valuelex.errors import EndpointError, StudyFileError
from valuelex.models import Request, Response
from valuelex.study.dry_run import dry_run


class Names:
    """A FAKE engine: a new name for every call."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    async def complete(self, request: Request) -> Response:
        self.seen.append(request)
        return Response(f"Piece {'abcdefghijklmnop'[len(self.seen) % 16]}")

    async def close(self) -> None:
        """Nothing to release."""


def test_a_namer_is_planned_asked_once_and_replayed(stub, stub_study) -> None:
    server = stub()
    model = {"id": "n", "base_url": server.url, "model": "namer", "structured": "none"}
    study = valuelex.Study.load(stub_study(server.url, taxonomy={"bootstrap": 0, "naming": model}))
    [estimate] = [row for row in dry_run(study, "taxonomy") if row.stage == "taxonomy"]
    assert (estimate.model_id, estimate.exact, estimate.answered) == ("n", False, 0)
    engine = Names()
    study.engines = {"n": engine}
    study.run("taxonomy")
    table = study.read("naming")
    assert len(table) == len(engine.seen) > 2
    pieces = {p["name"] for d in study.document("taxonomy")["dimensions"] for p in (d, *d["subdimensions"])}
    assert set(table["name"]) == pieces
    assert set(study.taxonomy["dimension"].dropna()) <= pieces
    [planned] = [row for row in dry_run(study, "taxonomy") if row.stage == "taxonomy"]
    assert (planned.planned, planned.answered, planned.exact) == (len(table), len(table), True)
    again = valuelex.Study.load(study.folder)
    again.engines = {"n": engine}
    again.run("taxonomy", replay=True)
    assert len(engine.seen) == len(table)
    assert again.read("naming").equals(table)
    central = valuelex.Study.load(stub_study(server.url, taxonomy={"bootstrap": 0}))
    central.run("taxonomy")
    assert not (central.results / "naming.csv").exists()
    assert [sorted(d["words"]) for d in central.document("taxonomy")["dimensions"]] == [
        sorted(d["words"]) for d in again.document("taxonomy")["dimensions"]
    ]


def test_a_namer_without_its_key_is_refused_before_the_first_call(stub, stub_study) -> None:
    server = stub()
    model = {"id": "n", "base_url": server.url, "api_key_env": "NO_SUCH_KEY"}
    with pytest.raises(EndpointError, match="NO_SUCH_KEY"):
        valuelex.Study.load(stub_study(server.url, taxonomy={"naming": model})).run("taxonomy")
    assert server.requests() == []


def test_an_unknown_key_of_the_namer_names_file_and_line(stub_study) -> None:
    folder = stub_study("http://127.0.0.1:9/v1", taxonomy={"naming": {"id": "n", "max_token": 3}})
    with pytest.raises(StudyFileError, match=r"study.yaml, line \d+: unknown key 'taxonomy.naming.max_token'") as error:
        valuelex.Study.load(folder)
    assert "max_tokens" in error.value.remedy
