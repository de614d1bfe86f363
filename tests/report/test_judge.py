"""The section `judge`: what is counted as a judgement."""

from __future__ import annotations

from tests.projective.judging.dossier.simulated import FakeJudge, simulate
from valuelex.projective import unjudged
from valuelex.report.judge import _per_scale, _size, applicable


def test_what_nobody_judged_is_counted_apart() -> None:
    """Two judges of 32 completions on four scales, one of whom nobody can read: no "not applicable" comes from it."""
    judgements, _, _ = simulate({"x": FakeJudge(), "mute": FakeJudge()}, models=("a", "b"), stems=8)
    mute = judgements["judge_id"] == "mute"
    before = _size(judgements[~mute], judgements[~mute], applicable(judgements[~mute]))
    assert before.startswith(
        "1 judge (x) looked at 32 completions on 4 scales: 128 of 128 judgements were applicable (100"
    )
    judgements.loc[mute, "score"] = None
    judgements.loc[mute, "applicable"] = False
    judgements.loc[mute, "rationale"] = "unparsable: no JSON object"
    told = judgements[~unjudged(judgements)]
    assert _size(judgements, told, applicable(judgements)).startswith(before)
    assert "128 places have none" in _size(judgements, told, applicable(judgements))
    assert [row[0] for row in _per_scale(told).rows] == ["x"] * 4
    nothing = judgements[mute]
    assert _size(nothing, told.iloc[:0], applicable(nothing)).startswith("There is no judgement. 128 places")
