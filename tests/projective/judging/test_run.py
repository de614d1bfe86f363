import json

import numpy as np
import pandas as pd
import pytest

from tests.projective.conftest import endpoint
from valuelex.errors import DataError, StudyFileError
from valuelex.models import Caller, Ledger, Response
from valuelex.projective import AnchorScorer, JudgeSettings, judge, manual_for, plan_judge
from valuelex.tables import frame

INSTRUMENT = pd.DataFrame(
    {
        "item_id": ["i1", "i2"],
        "stem": ["When a friend lets me down, I ...", "A rule that everyone could live with must"],
        "dimension": ["Social", "Ethical"],
    }
)
MANUAL = manual_for(INSTRUMENT)
ONE = JudgeSettings(id="one", base_url="http://127.0.0.1:9/v1")


def completions(*texts, statuses=None, model="m"):
    rows = [
        {
            "completion_id": f"c{n}",
            "item_id": f"i{n % 2 + 1}",
            "respondent_id": model,
            "model_id": model,
            "sample_index": 0,
            "text": text,
            "status": statuses[n] if statuses else "ok",
            **dict.fromkeys(("status_reason", "seed", "n_tokens_in", "n_tokens_out", "latency_s")),
        }
        for n, text in enumerate(texts)
    ]
    return frame("completions", rows)


def verdicts(score):
    item = {"rationale": "r", "applicable": score is not None, "score": score}
    return json.dumps({"s1": item, "s2": item})


def run(table, judges, caller, embedder=None, **keys):
    scorer = None if embedder is None else AnchorScorer(MANUAL, embedder)
    return judge(table, INSTRUMENT, MANUAL, judges=judges, seed=3, caller=caller, scorer=scorer, **keys)["judgements"]


def test_every_completion_judge_and_scale_is_a_row(scripted, fake_embedder):
    caller, engines = scripted(one=lambda r: verdicts(4), two=lambda r: verdicts(2))
    two = JudgeSettings(id="two", base_url="http://127.0.0.1:8/v1")
    made = run(completions("forgive.", "be fair."), ["embedded", ONE, two], caller, fake_embedder)
    assert len(made) == 2 * 3 * 2
    assert set(made["dimension"]) == {"Social", "Ethical"}
    assert made.groupby("judge_id")["score"].apply(list)[["one", "two"]].tolist() == [[4.0] * 4, [2.0] * 4]
    assert len(engines["one"].seen) == len(engines["two"].seen) == 2


def test_what_is_not_ok_is_not_judged_and_not_dropped(scripted, real_embedder):
    caller, engines = scripted(one=lambda r: verdicts(4))
    table = completions(
        "", "I cannot.", None, "keep calm.", "...", statuses=["invalid", "refused", "error", "ok", "ok"]
    )
    made = run(table, ["embedded", ONE], caller, real_embedder).set_index(["completion_id", "judge_id", "dimension"])
    assert len(made) == 20 and len(engines["one"].seen) == 1
    for name in ("embedded", "one"):
        for number, status in enumerate(("invalid", "refused", "error")):
            row = made.loc[f"c{number}", name, "Social"]
            assert pd.isna(row["score"]) and not row["applicable"] and row["rationale"] == status
        assert made.loc[("c4", name, "Social"), "rationale"] == "invalid"
    assert made.loc[("c3", "one", "Social"), "score"] == 4


def test_unparsable_replies_stay_in_the_table(scripted):
    caller, _ = scripted(one=lambda r: "I would rather not say.")
    made = run(completions("forgive."), [ONE], caller)
    assert made["score"].isna().all() and not made["applicable"].any()
    assert made["rationale"].str.startswith("unparsable: ").all()


def test_verdicts_find_their_scale_whatever_the_order(scripted):
    def answer(request):
        system = request.messages[0][1]
        keys = {scale: next(k for k in ("s1", "s2") if f"{k}: {scale}." in system) for scale in ("Social", "Ethical")}
        return json.dumps(
            {keys[s]: {"rationale": s, "applicable": True, "score": n} for s, n in (("Social", 6), ("Ethical", 1))}
        )

    caller, engines = scripted(one=answer)
    made = run(completions(*[f"text {n}" for n in range(12)]), [ONE], caller)
    assert len({"s1: Social." in r.messages[0][1] for r in engines["one"].seen}) == 2
    assert set(made.loc[made["dimension"] == "Social", "score"]) == {6.0}
    assert set(made.loc[made["dimension"] == "Ethical", "score"]) == {1.0}
    assert (made["rationale"] == made["dimension"]).all()


def test_judging_again_asks_nothing(scripted):
    caller, engines = scripted(one=lambda r: verdicts(3))
    first = run(completions("forgive."), [ONE], caller)
    pd.testing.assert_frame_equal(first, run(completions("forgive."), [ONE], caller))
    assert len(engines["one"].seen) == 1


def test_the_plan_is_what_is_asked(scripted):
    caller, engines = scripted(one=lambda r: verdicts(3))
    table = completions("forgive.", "", statuses=["ok", "invalid"])
    planned = plan_judge(table, INSTRUMENT, MANUAL, judges=["embedded", ONE], seed=3)
    assert [item.completion_id for item in planned] == ["c0"]
    run(table, [ONE], caller)
    assert [r.key for r in engines["one"].seen] == [item.request.key for item in planned]
    assert plan_judge(table, INSTRUMENT, MANUAL, judges=["embedded"], seed=3) == []


def test_a_whole_sentence_is_not_doubled(scripted):
    caller, engines = scripted(one=lambda r: verdicts(3))
    run(completions("When a friend lets me down, I forgive."), [ONE], caller)
    assert engines["one"].seen[0].messages[1][1].count("friend lets me down") == 1


def test_the_judge_is_blind(scripted):
    caller, engines = scripted(one=lambda r: verdicts(3))
    judged = endpoint("vega-9", name="Vega Nine", model="vega-9-latest")
    table = completions("say: I am Vega Nine (vega-9-latest), or vega-9.", model="vega-9")
    run(table, [ONE], caller, population=[judged])
    assert "vega" not in str(engines["one"].seen[0].messages).lower()


def test_no_model_judges_itself_unasked(scripted):
    caller, engines = scripted(one=lambda r: verdicts(3))
    itself = endpoint("one")
    with pytest.raises(StudyFileError, match="'one' is the judged model"):
        run(completions("forgive.", model="one"), [ONE], caller, population=[itself])
    with pytest.raises(StudyFileError, match="'one'"):
        run(completions("forgive.", model="one"), [ONE], caller)
    # The same model under another id is the same model; the same id at another endpoint is another.
    with pytest.raises(StudyFileError, match="'other'"):
        run(completions("forgive.", model="other"), [ONE], caller, population=[endpoint("other", model="one")])
    assert engines["one"].seen == []
    elsewhere = ONE.model_copy(update={"base_url": "http://127.0.0.1:7/v1"})
    assert len(run(completions("forgive.", model="one"), [elsewhere], caller, population=[itself])) == 2
    asked = ONE.model_copy(update={"allow_self": True})
    assert run(completions("forgive.", model="one"), [asked], caller, population=[itself])["score"].eq(3).all()


def test_items_that_are_not_in_the_instrument(scripted, fake_embedder):
    caller, _ = scripted()
    table = completions("forgive.")
    table["item_id"] = "x9"
    with pytest.raises(DataError, match="'x9'"):
        run(table, ["embedded"], caller, fake_embedder)


def test_the_embedded_judge_needs_a_scorer(scripted):
    caller, _ = scripted()
    with pytest.raises(DataError, match="scorer"):
        run(completions("forgive."), ["embedded"], caller)


def test_the_embedded_judge_scores_with_a_reason(scripted, real_embedder):
    caller, _ = scripted()
    table = completions(
        "listen to her, comfort her and stay kind.", "treat all people alike, without prejudice or favor."
    )
    made = run(table, ["embedded"], caller, real_embedder)
    again = run(table, ["embedded"], caller, real_embedder)
    pd.testing.assert_frame_equal(made, again)
    assert (made["applicable"] == made["score"].notna()).all()
    own = made.set_index(["completion_id", "dimension"]).loc[[("c0", "Social"), ("c1", "Ethical")]]
    assert own["applicable"].all() and own["score"].between(0, 6).all()
    assert made["rationale"].str.contains("nearest anchor").all()


def test_no_completions(scripted, fake_embedder):
    caller, _ = scripted()
    made = run(completions(), ["embedded", ONE], caller, fake_embedder)
    assert len(made) == 0 and list(made.columns)[:3] == ["completion_id", "judge_id", "dimension"]


def test_errors_of_the_endpoint_are_rows(scripted):
    caller, _ = scripted(one=lambda r: Response("", status="error", error="content filter"))
    assert set(run(completions("forgive."), [ONE], caller)["rationale"]) == {"error: content filter"}


@pytest.mark.real_models
def test_a_real_model_keeps_to_the_grammar(tmp_path):
    itself = JudgeSettings(id="smollm2-135m-instruct")
    caller = Caller(Ledger(tmp_path / "calls.jsonl"))
    made = run(completions("forgive them and ask what happened."), [itself], caller)
    assert not made["rationale"].str.startswith(("unparsable", "error")).any()
    assert np.all(made["score"].dropna().isin(range(7)))
