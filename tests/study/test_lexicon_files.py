"""The lexicon's own files and its judge in a study: what they move, what they cost, and what is refused before a call."""

from __future__ import annotations

import pytest

import valuelex
from valuelex.errors import ValuelexError
from valuelex.models import Request, Response
from valuelex.study.dry_run import dry_run


class SaysYes:
    """A FAKE engine: takes every word for a value."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    async def complete(self, request: Request) -> Response:
        self.seen.append(request)
        return Response("yes", finish_reason="stop")

    async def close(self) -> None:
        """Nothing to release."""


def test_a_judge_of_words_is_asked_once_and_planned(stub, stub_study) -> None:
    server = stub()
    judge = {"id": "j", "base_url": server.url, "model": "judge", "structured": "none"}
    study = valuelex.Study.load(stub_study(server.url, lexicon={"unknown": False, "judge": judge}))
    [estimate] = [row for row in dry_run(study, "lexicon") if row.stage == "lexicon"]
    assert (estimate.model_id, estimate.exact, estimate.answered) == ("j", False, 0)
    engine = SaysYes()
    study.engines = {"j": engine}
    study.run("lexicon")
    said = study.read("value_filter")
    asked = said[said["judge"] == "j"]
    assert len(engine.seen) == len(asked) > 3
    assert set(asked["verdict"]) == {"value"}
    [planned] = [row for row in dry_run(study, "lexicon") if row.stage == "lexicon"]
    assert (planned.planned, planned.answered, planned.exact) == (len(asked), len(asked), True)
    again = valuelex.Study.load(study.folder)
    again.engines = {"j": engine}
    again.run("lexicon", replay=True)
    assert len(engine.seen) == len(asked), "its replies are in the ledger"


def test_an_override_makes_the_lexicon_stale_and_says_that_it_fired(stub, stub_study) -> None:
    server = stub()
    path = stub_study(server.url, lexicon={"unknown": False, "min_respondents": 1, "overrides": "o.csv"})
    (path / "o.csv").write_text("form,word,reason\nzzz,love,never said\n")
    study = valuelex.Study.load(path)
    study.run("lexicon")
    first = study.lexicon["word"].tolist()[0]
    assert study.read("overrides")["n_words"].tolist() == [0]
    (path / "o.csv").write_text(f"form,word,reason\n{first},,not here\n")
    assert valuelex.Study.load(path).run("lexicon") == ["lexicon"]
    assert first not in study.read("lexicon")["word"].tolist()
    assert study.read("overrides")["n_words"].tolist()[0] > 0
    assert set(study.read("crosswalk")["word"]) <= set(study.read("lexicon")["word"])


@pytest.mark.parametrize(
    "section",
    [
        {"overrides": "none.csv"},
        {"translations": {"de": "none.csv"}},
        {"crosswalk": "none"},
        {"judge": {"id": "j", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "NO_SUCH_KEY"}},
    ],
    ids=["overrides", "translations", "crosswalk", "judge's key"],
)
def test_a_lexicon_that_cannot_be_made_is_refused_before_the_first_call(stub, stub_study, section) -> None:
    server = stub()
    with pytest.raises(ValuelexError) as error:
        valuelex.Study.load(stub_study(server.url, lexicon=section)).run("lexicon")
    assert error.value.exit_code == 2
    assert server.requests() == []
