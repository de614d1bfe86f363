"""Replies that cannot be read, one scale a call, second judgements, and who may judge whom."""

import json
from collections import Counter

import pandas as pd
import pytest

from tests.projective.conftest import endpoint
from tests.projective.judging.test_run import INSTRUMENT, MANUAL, ONE, completions, verdicts
from valuelex.errors import StudyFileError
from valuelex.projective import AnchorScorer, JudgeSettings, judge, plan_judge

QUIET = ONE.model_copy(update={"repeat": 0.0, "reworded": 0.0})
MANY = [f"text {n}" for n in range(20)]


def run(table, judges, caller, **keys):
    return judge(table, INSTRUMENT, MANUAL, judges=judges, seed=3, caller=caller, **keys)


def test_an_unreadable_reply_is_asked_for_once_more_and_both_are_kept(scripted):
    caller, engines = scripted(one=lambda r: "No." if r.sample_index == 0 else verdicts(5))
    made = run(completions("forgive."), [QUIET], caller)
    assert made["judgements"]["score"].tolist() == [5.0, 5.0]
    first, second = engines["one"].seen
    assert first.seed != second.seed and first.key != second.key
    assert first.messages != second.messages, "a judge at temperature 0 would answer the same question the same way"
    [row] = made["judge_replies"].to_dict("records")
    assert (row["text"], row["attempt"], row["kind"], row["key"]) == ("No.", 1, "first", first.key)
    assert row["reason"] == "unparsable: no JSON object"
    assert all(caller.ledger.answered(key) for key in (first.key, second.key))


def test_two_unreadable_replies_are_the_end(scripted):
    caller, engines = scripted(one=lambda r: "\x1b[31mNo.")
    made = run(completions("forgive."), [QUIET], caller)
    assert len(engines["one"].seen) == 2
    assert made["judge_replies"]["attempt"].tolist() == [1, 2]
    assert made["judge_replies"]["text"].str.contains("\x1b").sum() == 0
    assert made["judgements"]["score"].isna().all()
    assert made["judgements"]["rationale"].str.startswith("unparsable: ").all()
    again = run(completions("forgive."), [QUIET], caller)
    pd.testing.assert_frame_equal(made["judgements"], again["judgements"])
    assert len(engines["one"].seen) == 2, "the ledger holds both"


def test_what_the_first_reply_says_readably_stands(scripted):
    def answer(request):
        system = request.messages[0][1]
        social = next(k for k in ("s1", "s2") if f"{k}: Social." in system)
        ethical = {"s1": "s2", "s2": "s1"}[social]
        good = {"rationale": "r", "applicable": True, "score": 6 if request.sample_index == 0 else 2}
        bad = {"rationale": "r", "applicable": True, "score": 9}
        return json.dumps({social: good, ethical: bad if request.sample_index == 0 else good})

    caller, _ = scripted(one=answer)
    made = run(completions("forgive."), [QUIET], caller)
    assert made["judgements"].set_index("dimension")["score"].to_dict() == {"Social": 6.0, "Ethical": 2.0}
    assert made["judge_replies"]["scales"].tolist() == ["Ethical"]


def test_an_error_of_the_endpoint_is_no_unreadable_reply(scripted):
    from valuelex.models import Response

    caller, engines = scripted(one=lambda r: Response("", status="error", error="filtered"))
    made = run(completions("forgive."), [QUIET], caller)
    assert len(engines["one"].seen) == 1 and made["judge_replies"].empty


def test_one_scale_a_call(scripted):
    def answer(request):
        level = 6 if "s1: Social." in request.messages[0][1] else 1
        return json.dumps({"s1": {"rationale": "r", "applicable": True, "score": level}})

    caller, engines = scripted(one=answer)
    each = QUIET.model_copy(update={"ask": "each"})
    made = run(completions("forgive.", "be fair."), [each], caller)["judgements"]
    assert len(engines["one"].seen) == 4
    assert all("s2" not in r.messages[0][1] for r in engines["one"].seen)
    assert made.groupby("dimension")["score"].apply(set).to_dict() == {"Social": {6.0}, "Ethical": {1.0}}
    assert made["position"].eq(1).all()
    assert len({r.seed for r in engines["one"].seen}) == 4


def test_the_place_of_a_scale_is_kept(scripted):
    def answer(request):
        first = request.messages[0][1].index("Social.") < request.messages[0][1].index("Ethical.")
        social, ethical = ("s1", "s2") if first else ("s2", "s1")
        item = {"rationale": "r", "applicable": True}
        return json.dumps({social: {**item, "score": int(social[1])}, ethical: {**item, "score": int(ethical[1])}})

    caller, _ = scripted(one=answer)
    made = run(completions(*MANY), [QUIET], caller)["judgements"]
    assert (made["position"] == made["score"]).all()
    assert 4 <= made.loc[made["dimension"] == "Social", "position"].eq(1).sum() <= 16


def test_the_embedded_judge_has_no_place(scripted, fake_embedder):
    caller, _ = scripted()
    made = run(completions("forgive."), ["embedded"], caller, scorer=AnchorScorer(MANUAL, fake_embedder))["judgements"]
    assert made["position"].isna().all()


def test_a_share_is_judged_again_and_does_not_count(scripted):
    one = ONE.model_copy(update={"repeat": 0.25, "reworded": 0.5})
    caller, engines = scripted(
        one=lambda r: verdicts(1 if "Your task" in r.messages[0][1] else 2 if r.sample_index == 1 else 4)
    )
    made = run(completions(*MANY), [one], caller)
    assert len(engines["one"].seen) == 20 + 5 + 10
    assert made["judgements"]["score"].eq(4).all() and len(made["judgements"]) == 40
    counted = made["judge_repeats"].groupby("kind")["score"].agg(["count", "mean"])
    assert counted.loc["repeat"].tolist() == [10, 2.0] and counted.loc["reworded"].tolist() == [20, 1.0]
    kinds = Counter(i.kind for i in plan_judge(completions(*MANY), INSTRUMENT, MANUAL, judges=[one], seed=3))
    assert kinds == {"first": 20, "repeat": 5, "reworded": 10}


def test_the_other_wording_changes_the_wording_alone():
    items = plan_judge(
        completions(*MANY), INSTRUMENT, MANUAL, judges=[ONE.model_copy(update={"reworded": 1.0, "repeat": 1.0})], seed=3
    )
    first, repeat, reworded = (
        {i.completion_id: i for i in items if i.kind == kind} for kind in ("first", "repeat", "reworded")
    )
    assert all(first[c].scales == reworded[c].scales for c in first)
    assert any(first[c].scales != repeat[c].scales for c in first)
    for c in first:
        assert first[c].request.messages[1] == reworded[c].request.messages[1]
        assert first[c].request.messages[0] != reworded[c].request.messages[0]
    system = reworded["c0"].request.messages[0][1]
    assert system.index("like a 6:") < system.index("like a 0:")


def test_the_paraphrase_may_be_the_main_wording():
    other = ONE.model_copy(update={"rubric": "paraphrase", "reworded": 1.0, "repeat": 0.0})
    first, reworded = plan_judge(completions("forgive."), INSTRUMENT, MANUAL, judges=[other], seed=3)
    assert "Your task" in first.request.messages[0][1] and "Your task" not in reworded.request.messages[0][1]


def test_the_family_may_be_refused(scripted):
    caller, engines = scripted(one=lambda r: verdicts(3))
    kin = [endpoint("m", family="lyra")]
    judge_of_kin = QUIET.model_copy(update={"family": "lyra"})
    run(completions("forgive."), [judge_of_kin], caller, population=kin)
    assert len(engines["one"].seen) == 1
    strict = judge_of_kin.model_copy(update={"allow_family": False})
    with pytest.raises(StudyFileError, match="family of the judged model 'm'"):
        run(completions("forgive."), [strict], caller, population=kin)
    run(completions("forgive."), [strict], caller, population=[endpoint("m", family="vega")])


def test_ids_of_people_are_not_for_models():
    with pytest.raises(ValueError, match="human raters"):
        JudgeSettings(id="human:R1", base_url="http://127.0.0.1:9/v1")
