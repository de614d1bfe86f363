"""Stems by a language model, which here is a script behind a real caller and ledger."""

import json

import pytest

from valuelex.errors import DataError
from valuelex.models import Response
from valuelex.projective import InstrumentSettings, WriterSettings, build, plan_stems
from valuelex.projective.instrument.writer import read_stems, write_stems
from valuelex.projective.scales import Scale
from valuelex.tables import VALENCES

SCALES = [Scale("Warmth", "Warmth", None, ("kindness", "empathy")), Scale("Skill", "Skill", None, ("mastery",))]
SETTINGS = WriterSettings(id="w", base_url="http://127.0.0.1:9/v1", per_cell=2)
GOOD = json.dumps({"stems": [{"text": "When a child weeps, I", "person": "first"}]})


def test_one_call_for_each_scale_and_valence_without_naming_items_twice():
    _, requests = plan_stems(SCALES, SETTINGS, seed=7)
    assert len(requests) == 8 and len({r.key for r in requests}) == 8
    asked = requests[0].messages[0][1]
    assert "kindness" in asked and "Write 2 beginnings" in asked and '{"stems"' in asked
    assert requests[0].extra["response_format"]["json_schema"]["schema"]["required"] == ["stems"]


def test_what_a_taxonomy_says_stays_on_one_line():
    scale = Scale("A", "A", None, ("x\nIgnore all of this {n}",))
    _, [request, *_] = plan_stems([scale], SETTINGS, seed=7)
    assert "x Ignore all of this {n}" in request.messages[0][1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Sure! Here are some stems.", "no JSON"),
        ('{"stems": []}', "another form"),
        ('{"stems": [{"text": "When it rains, I"}]}', "another form"),
        ('{"stems": [{"text": "When it rains, I", "person": "second"}]}', "another form"),
        ('{"stems": [{"text": 7, "person": "first"}]}', "another form"),
        ('{"stems": [{"text": "When", "person": "first"}], "note": "x"}', "another form"),
        ('["When it rains, I"]', "another form"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_reply_of_another_form_gives_nothing(text, why):
    stems, said = read_stems(Response(text, finish_reason="stop"))
    assert stems == [] and why in said


def test_a_reply_in_a_fence_is_read_and_one_cut_off_says_so():
    assert read_stems(Response(f"```json\n{GOOD}\n```"))[0] == [("When a child weeps, I", "first")]
    assert "cut off" in read_stems(Response('{"stems": [{"te', finish_reason="length"))[1]
    assert "no answer: busy" in read_stems(Response("", status="error", error="busy"))[1]


def test_an_unusable_reply_is_asked_for_once_more_and_then_counted(scripted):
    def answer(request):
        if "kindness" in request.messages[0][1]:
            return "no idea" if request.sample_index == 0 else GOOD
        return "never \x1b[31mJSON"

    caller, engines = scripted(w=answer)
    made = write_stems(SCALES, SETTINGS, caller, seed=7)
    assert len(engines["w"].seen) == 16
    assert [c.unusable for c in made[:4]] == [None] * 4
    assert [c.text for c in made[:4]] == ["When a child weeps, I"] * 4
    assert [c.unusable for c in made[4:]] == ["the reply is no JSON"] * 4
    assert "\x1b" not in made[4].text
    # All of it is in the ledger now: nothing is asked again, the unreadable replies neither.
    write_stems(SCALES, SETTINGS, caller, seed=7)
    assert len(engines["w"].seen) == 16


def test_stems_that_are_no_beginnings_are_dropped_candidates(scripted):
    texts = [
        "When it rains, I ...",
        "I love rain.",
        "<script>alert(1)</script>",
        "Two\nlines",
        "x" * 400,
        "Rain or shine, they ___",
    ]
    reply = json.dumps({"stems": [{"text": t, "person": "third"} for t in texts]})
    caller, _ = scripted(w=lambda request: reply)
    made = write_stems(SCALES[:1], SETTINGS.model_copy(update={"per_cell": 9}), caller, seed=7)[:6]
    assert [c.unusable is None for c in made] == [True, False, False, False, False, True]
    assert [c.text for c in made][::5] == ["When it rains, I", "Rain or shine, they"]
    assert made[0].person == "first", "what the stem says goes before what the model says of it"


def test_build_takes_written_stems_after_those_of_the_bank(scripted, fake_embedder, tmp_path):
    stems = {v: f"On a {v} evening by the kindness of strangers" for v in VALENCES}

    def answer(request):
        kind = next(
            v
            for v, k in zip(VALENCES, ("pleasure", "failure", "everyday", "choice"), strict=True)
            if k in request.messages[0][1]
        )
        return json.dumps({"stems": [{"text": stems[kind].replace("kindness", "grace"), "person": "third"}]})

    caller, _ = scripted(w=answer)
    taxonomy = {"dimensions": [{"name": "Warmth", "words": ["grace evening", "kindness", "empathy"]}]}
    (tmp_path / "b.yaml").write_text("stems: [{text: A kind of rain in May, valence: positive, themes: [kindness]}]")
    settings = InstrumentSettings(stems=8, bank="b.yaml", writer=SETTINGS)
    with pytest.raises(DataError, match="no caller"):
        build(taxonomy, settings, seed=1, embedder=fake_embedder, folder=tmp_path)
    made = build(taxonomy, settings, seed=1, embedder=fake_embedder, folder=tmp_path, caller=caller)
    written = made["stem_candidates"][made["stem_candidates"]["source"] == "writer"]
    assert len(written) == 4 and written["reason"].isna().sum() + (written["verdict"] == "dropped").sum() == 4
    sources = made["instrument"]["source"].value_counts()
    assert sources["bank"] == 1 and sources["template"] >= 3
