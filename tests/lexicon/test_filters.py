"""Three judges of what is a value: what each says, that anchors do not judge themselves, and how far judges agree."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from valuelex.lexicon import LexiconSettings, load_lexicon, run
from valuelex.lexicon.classifier import classifier_of, fit
from valuelex.lexicon.filters import filter_agreement
from valuelex.lexicon.llm import read_verdict
from valuelex.models import Caller, Ledger, Request, Response
from valuelex.resources import instruments
from valuelex.tables import frame

HERE = Path()


class Cloud:
    """A stub: values around one point, others around another, by a seed from the word."""

    name = "stub"

    def encode(self, texts):
        rows = []
        for text in texts:
            rng = np.random.default_rng(list(text.encode()))
            x = np.array([1.0, 0.0, 0.0] if text.startswith("v") else [0.0, 1.0, 0.0]) + rng.normal(0, 0.2, 3)
            rows.append(x / np.linalg.norm(x))
        return np.array(rows)


VALUES, OTHERS = tuple(f"v{i:03}" for i in range(80)), tuple(f"o{i:03}" for i in range(100))


def test_the_threshold_keeps_the_declared_share_of_non_values_out() -> None:
    for share in (0.02, 0.1, 0.3):
        found = fit(VALUES, OTHERS, Cloud(), false_positives=share)
        assert found is not None
        through = np.mean([found.anchors[word] > found.threshold for word in OTHERS])
        assert through <= share
        assert found.recall == np.mean([found.anchors[word] > found.threshold for word in VALUES])
    assert found.auc > 0.95


def test_an_anchor_is_judged_without_itself() -> None:
    """A value whose vector is that of a non-value: the fitted machine could learn it by heart, the folds cannot."""
    odd = ("v000", *VALUES[1:])

    class Odd(Cloud):
        def encode(self, texts):
            return super().encode(["o999" if t == "v000" else t for t in texts])

    found = fit(odd, OTHERS, Odd(), false_positives=0.05)
    assert found is not None
    assert found.judge(["v000"])["v000"][0] is False
    assert found.judge(["v000"])["v000"][1] == pytest.approx(found.anchors["v000"], abs=1e-4)


def test_too_few_anchors_judge_nothing() -> None:
    assert fit(("v1",), OTHERS, Cloud(), false_positives=0.02) is None


def verdicts(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    return frame(
        "value_filter", [{"word": w, "judge": j, "verdict": v, "score": None, "kept": True} for w, j, v in rows]
    )


def test_agreement_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    a = rng.random(60) < 0.6
    b = np.where(rng.random(60) < 0.8, a, ~a)
    names = np.array(["no value", "value"])
    said = verdicts(
        [(f"w{i:02}", j, names[int(x[i])]) for i in range(60) for j, x in (("lexicon", a), ("embedding", b))]
    )
    found = filter_agreement(said, seed=1)
    assert found["judges"].tolist() == ["lexicon x embedding"]
    assert found["kappa"][0] == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)
    assert found["observed"][0] == pytest.approx(np.mean(a == b))
    assert found["alpha_low"][0] < found["alpha"][0] < found["alpha_high"][0]


def test_without_variation_there_is_no_coefficient() -> None:
    found = filter_agreement(verdicts([(w, j, "value") for w in "ab" for j in ("lexicon", "embedding")]))
    assert found["kappa"].isna().all()
    assert found["observed"].tolist() == [1]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("yes", "value"),
        (" No.", "no value"),
        ('{"value": "yes"}', "value"),
        ('{"value": "no"}', "no value"),
        ('{"other": "yes"}', "unreadable"),
        ("perhaps", "unreadable"),
        ("nobody knows", "unreadable"),
        ("", "unreadable"),
    ],
)
def test_what_a_language_model_replies(text: str, verdict: str) -> None:
    assert read_verdict(Response(text))[0] == verdict


class YesToK:
    """A FAKE engine: says yes to words that begin with k or z."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def complete(self, request: Request) -> Response:
        word = request.messages[0][1].split("<word>")[1].split("</word>")[0]
        self.asked.append(word)
        return Response("yes" if word[0] in "kz" else "no", finish_reason="stop")

    async def close(self) -> None:
        """Nothing to release."""


def judged(table, tmp_path: Path, **judge):
    engine = YesToK()
    place = "http://127.0.0.1:9/v1"
    settings = LexiconSettings(
        min_respondents=1, judge={"id": "j", "base_url": place, "model": "m", "structured": "none", **judge}
    )
    text = "kindness, zorblax, table, blorp, some odd phrase"
    responses = table([{"text": text, "respondent_id": "a/t"}])
    ledger = Ledger(tmp_path / "calls.jsonl")
    made = run(
        responses, settings, embedder=KnowsTheLexicon(), folder=HERE, caller=Caller(ledger, engines={"j": engine})
    )
    ledger.close()
    return made, engine


class KnowsTheLexicon:
    """A stub: words of the lexicon in one direction, all else in another."""

    name = "stub"
    known = frozenset(load_lexicon("values", HERE).glosses)

    def encode(self, texts):
        return np.array([[1.0, 0.0] if t in self.known else [0.0, 1.0] for t in texts])


def test_every_word_type_gets_every_verdict(table, tmp_path: Path) -> None:
    made, engine = judged(table, tmp_path)
    said = made["value_filter"].pivot(index="word", columns="judge", values="verdict")
    assert said.index.tolist() == ["blorp", "kindness", "table", "zorblax"], "phrases are not judged as words"
    assert said.loc["kindness", ["lexicon", "embedding", "j"]].tolist() == ["value"] * 3
    assert said.loc["zorblax", ["lexicon", "embedding", "j"]].tolist() == ["no value", "no value", "value"]
    assert sorted(engine.asked) == said.index.tolist()
    assert made["lexicon"]["word"].tolist() == ["kindness"], "the language model only reports"
    assert made["filter_agreement"]["judges"].tolist()[-1] == "lexicon x embedding x j"
    assert made["filter_agreement"]["kappa"][0] == 1


def test_a_language_model_may_decide(table, tmp_path: Path) -> None:
    made, engine = judged(table, tmp_path, decides=True)
    assert made["lexicon"]["word"].tolist() == ["kindness", "zorblax"]
    assert len(engine.asked) == 4, "each word once"
    assert dict(zip(made["words"]["raw"], made["words"]["reason"], strict=True))["zorblax"] == "j: value"


def test_the_labelled_words_are_many_and_of_three_kinds() -> None:
    with (instruments() / "lexicon" / "labelled.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["word"] for row in rows}) == len(rows) >= 330
    assert {row["label"] for row in rows} == {"value", "borderline", "no value"}
    assert all(row["reason"] and row["stratum"] for row in rows)
    lexicon = load_lexicon("values", HERE)
    assert not [row["word"] for row in rows if row["stratum"] == "absent" and lexicon.look_up(row["word"])]


def test_the_embedding_filter_on_its_own_anchors(embedder) -> None:
    """Out of fold: area under the curve above .95, recall above .6 at two false positives in a hundred (docs/method.md)."""
    found = classifier_of(load_lexicon("values", HERE), LexiconSettings(), embedder)
    assert found is not None
    assert found.auc > 0.95
    assert found.recall > 0.6
