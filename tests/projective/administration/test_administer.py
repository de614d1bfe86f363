import pandas as pd
import pytest

from tests.projective.conftest import endpoint
from valuelex.models import Caller, Ledger, ModelSettings, Response, resolve
from valuelex.projective import AdministrationSettings, administer, plan
from valuelex.projective.administration.administer import read_answer

ITEMS = pd.DataFrame(
    {
        "item_id": [f"i{n}" for n in range(1, 9)],
        "stem": [f"Stem number {n} that I ..." for n in range(1, 9)],
        "dimension": "A",
    }
)
SETTINGS = AdministrationSettings(samples=2)


def test_plan_has_every_model_item_and_sample_once():
    items = plan(ITEMS, [endpoint("a"), endpoint("b")], SETTINGS, seed=3)
    assert len(items) == 2 * 8 * 2
    assert len({item.completion_id for item in items}) == 32
    assert len({item.request.key for item in items}) == 32
    assert {item.respondent_id for item in items} == {"a/t0.7/p0.95", "b/t0.7/p0.95"}


def test_order_differs_by_model_and_sample_and_follows_the_seed():
    models = [endpoint("a"), endpoint("b")]
    items = plan(ITEMS, models, SETTINGS, seed=3)
    orders = [tuple(i.item_id for i in items[n : n + 8]) for n in range(0, 32, 8)]
    assert len(set(orders)) == 4 and all(sorted(order) == list(ITEMS["item_id"]) for order in orders)
    assert plan(ITEMS, models, SETTINGS, seed=3) == items
    assert plan(ITEMS, models, SETTINGS, seed=4) != items


def test_a_longer_instrument_keeps_the_calls_of_a_shorter_one():
    keys = {i.request.key for i in plan(ITEMS, [endpoint("a")], SETTINGS, seed=3)}
    fewer = {i.request.key for i in plan(ITEMS.head(3), [endpoint("a")], SETTINGS, seed=3)}
    assert len(fewer) == 6 and fewer < keys


def test_chat_and_base_models_are_framed_apart():
    chat, base = plan(
        ITEMS.head(1), [endpoint("a"), endpoint("b", training="pretrained")], AdministrationSettings(samples=1), seed=3
    )
    assert chat.request.mode == "chat" and chat.request.messages[0][1].endswith("Stem number 1 that I ...")
    assert chat.request.stop == ()
    assert base.request.mode == "completion" and base.request.prompt == "Stem number 1 that I"
    assert base.request.stop == ("\n",)
    assert (chat.request.temperature, chat.request.top_p, chat.request.max_tokens) == (0.7, 0.95, 120)


def test_a_stem_is_text_and_no_template():
    strange = pd.DataFrame({"item_id": ["x"], "stem": ["{stem} {0} %s {{"], "dimension": ["A"]})
    [item] = plan(strange, [endpoint("a")], AdministrationSettings(samples=1), seed=1)
    assert "{stem} {0} %s {{ ..." in item.request.messages[0][1]


def test_completions_are_stripped_classified_and_complete(scripted):
    answers = {
        "1": "Stem number 1 that I keep.",
        "2": "",
        "3": "I'm sorry, but I cannot complete this.",
        "4": Response("", status="error", error="content filter"),
        "5": "Stem number 5 that I ...",
        "6": "__import__('os').system('true') and more",
        "7": "12345",
        "8": "Sure, here it is:\nStem number 8 that I praise.",
    }

    def answer(request):
        return answers[request.messages[0][1].split("Stem number ")[1][0]]

    caller, engines = scripted(a=answer)
    made = administer(ITEMS, [endpoint("a")], AdministrationSettings(samples=1), seed=3, caller=caller)["completions"]
    assert len(made) == 8 and len(engines["a"].seen) == 8
    by_item = made.set_index("item_id")
    assert by_item["status"].to_dict() == {
        "i1": "ok", "i2": "invalid", "i3": "refused", "i4": "error", "i5": "invalid", "i6": "ok", "i7": "invalid", "i8": "ok",
    }  # fmt: skip
    assert by_item.loc["i1", "text"] == "keep."
    assert by_item.loc["i8", "text"] == "praise."
    assert by_item.loc["i4", "status_reason"] == "content filter"
    assert by_item.loc["i6", "text"].startswith("__import__")


def test_nothing_is_asked_twice(scripted):
    caller, engines = scripted(a=lambda request: "keep it.")
    first = administer(ITEMS, [endpoint("a")], SETTINGS, seed=3, caller=caller)["completions"]
    again = administer(ITEMS, [endpoint("a")], SETTINGS, seed=3, caller=caller)["completions"]
    assert len(engines["a"].seen) == 16
    pd.testing.assert_frame_equal(first, again)


def test_base_models_are_cut_to_two_sentences_and_chat_models_are_not():
    long = Response(" want peace. And rest. And then I went home. Yes", finish_reason="length")
    assert read_answer("All I", long, sentences=2) == ("want peace. And rest.", "ok", "cut to 2 sentences")
    text, status, reason = read_answer("All I", long, sentences=None)
    assert text.endswith("Yes") and (status, reason) == ("ok", "cut off at max_tokens")
    assert read_answer("All I", Response("want peace"), sentences=2) == ("want peace", "ok", None)


@pytest.mark.real_models
def test_two_real_models_complete_a_stem(tmp_path):
    population = [resolve(ModelSettings(id=name)) for name in ("smollm2-135m-instruct", "gemma-3-270m")]
    stems = pd.DataFrame({"item_id": ["i1"], "stem": ["When a friend lets me down, I"], "dimension": ["Social"]})
    settings = AdministrationSettings(samples=1, max_tokens=30)
    made = administer(stems, population, settings, seed=1, caller=Caller(Ledger(tmp_path / "calls.jsonl")))[
        "completions"
    ]
    assert list(made["model_id"]) == ["smollm2-135m-instruct", "gemma-3-270m"]
    assert made["text"].str.len().min() > 0
    assert not made["text"].str.contains("When a friend lets me down").any()


def test_a_hostile_completion_is_inert_and_a_book_is_set_aside():
    text, status, _ = read_answer("When I ...", Response("When I \x1b[2Jhelp\x00 \u202eothers."), sentences=None)
    assert (text, status) == ("\ufffd[2Jhelp\ufffd others.", "ok")
    text, status, reason = read_answer("When I ...", Response("help " * 10**6), sentences=2)
    assert (len(text), status) == (100_000, "invalid")
    assert reason == "longer than 100,000 characters; whole in the ledger"
    _, status, reason = read_answer("When I ...", Response("", status="error", error="no \x1b[2Jmodel"), sentences=None)
    assert status == "error" and "\x1b" not in str(reason)


def test_frames_of_the_study_are_what_models_see():
    settings = AdministrationSettings(samples=1, instruction="Finish: {stem}", base_frame="From a diary: {stem}")
    chat, base = plan(ITEMS.head(1), [endpoint("a"), endpoint("b", training="pretrained")], settings, seed=3)
    assert chat.request.messages == (("user", "Finish: Stem number 1 that I"),)
    assert base.request.prompt == "From a diary: Stem number 1 that I"


def test_order_frame_and_persona_are_logged(scripted):
    caller, _ = scripted(a=lambda request: "my mother taught me to share", b=lambda request: "share with others")
    models = [endpoint("a"), endpoint("b", training="pretrained")]
    table = administer(ITEMS, models, SETTINGS, seed=3, caller=caller)["completions"]
    assert all(
        sorted(group) == list(range(1, 9)) for _, group in table.groupby(["model_id", "sample_index"])["position"]
    )
    assert dict(table.groupby("model_id")["frame"].first()) == {"a": "chat", "b": "base"}
    assert set(table.loc[table["model_id"] == "a", "human"]) == {"my mother"} and (table["status"] == "ok").all()
    assert table.loc[table["model_id"] == "b", "human"].isna().all()


def test_a_human_persona_can_be_left_out(scripted):
    caller, _ = scripted(a=lambda request: "my mother taught me to share")
    settings = AdministrationSettings(samples=1, human_persona="leave_out")
    table = administer(ITEMS, [endpoint("a")], settings, seed=3, caller=caller)["completions"]
    assert set(table["status"]) == {"invalid"} and table["status_reason"].str.contains("my mother").all()
    assert set(table["text"]) == {"my mother taught me to share"}


def test_sentences_limit_chat_models_too(scripted):
    caller, _ = scripted(a=lambda request: "help. I listen. I wait.")
    settings = AdministrationSettings(samples=1, sentences=1)
    table = administer(ITEMS.head(1), [endpoint("a")], settings, seed=3, caller=caller)["completions"]
    assert table[["text", "status_reason"]].values.tolist() == [["help.", "cut to 1 sentence"]]
