import pandas as pd
import pytest

from valuelex.projective.judging.unjudged import unjudged


@pytest.mark.parametrize(
    ("judge", "rationale", "position", "nobody"),
    [
        ("embedded", "refused", None, True),
        ("embedded", "nearest anchor", None, False),
        ("llm", "refused", None, True),
        ("llm", "refused", 2, False),  # its own reason, in its own words
        ("llm", "unparsable: no JSON object", 2, True),
        ("llm", "error: 400", 1, True),
        ("human:R1", "refused", None, False),
        ("human:R1", "error: a typing error, I think", None, False),
        ("human:R1", None, None, False),
    ],
)
def test_a_comment_does_not_undo_a_judgement(judge, rationale, position, nobody):
    row = pd.DataFrame([{"judge_id": judge, "rationale": rationale, "position": position, "score": None}])
    assert unjudged(row.assign(score=3.0)).tolist() == [False], "a score is a judgement"
    assert unjudged(row).tolist() == [nobody]
    assert unjudged(row.drop(columns="position")).tolist() == [nobody or (judge == "llm" and rationale == "refused")]
