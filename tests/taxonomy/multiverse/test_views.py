"""Views: which answers, which words, and what each word stands for."""

from __future__ import annotations

import pandas as pd
import pytest

from valuelex.errors import DataError
from valuelex.taxonomy import Source
from valuelex.taxonomy.multiverse.views import make_view

FAMILIES = {"honesty": ["honest", "honesty"], "care": ["care", "caring"], "love": ["love"], "order": ["order"],
            "peace": ["peace", "peaceful"], "power": ["power"], "fame": ["fame"]}  # fmt: skip


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten respondents; who has an even number names the first form of a family, the others the last; fame is named once."""
    rows = []
    for who in range(10):
        for place, (word, forms) in enumerate(FAMILIES.items()):
            if word == "fame" and who:
                continue
            form = forms[0] if who % 2 == 0 else forms[-1]
            rows.append((f"r{who}", f"c{who}", f"m{who % 3}", place, word, form.upper(), form, True))
    rows.append(("r0", "c0", "m0", 99, "banana", "BANANA", "banana", False))
    columns = ["response_id", "respondent_id", "model_id", "position", "word", "token", "lemma", "kept"]
    lexicon = pd.DataFrame({"word": [*FAMILIES], "gloss": [f"about {w}" for w in FAMILIES]})
    lexicon["n_respondents"] = 10
    return pd.DataFrame(rows, columns=columns), lexicon


def view(**changes):
    words, lexicon = tables()
    chosen = {"rows": None, "normalisation": "families", "allowed": None, "least_respondents": 2}
    return make_view(words, lexicon, **(chosen | changes))


def test_the_studys_own_view_is_the_study_s_tables_untouched() -> None:
    words, lexicon = tables()
    found = view(least_respondents=99)
    pd.testing.assert_frame_equal(found.words, words)
    pd.testing.assert_frame_equal(found.lexicon, lexicon)
    assert found.family == list(lexicon["word"])


def test_lemmas_are_words_of_their_own_that_stand_for_their_family() -> None:
    found = view(normalisation="lemma")
    place = dict(zip(found.lexicon["word"], found.family, strict=True))
    assert place == {"honest": "honesty", "honesty": "honesty", "care": "care", "caring": "care", "love": "love",
                     "order": "order", "peace": "peace", "peaceful": "peace", "power": "power"}  # fmt: skip
    counts = found.lexicon.set_index("word")["n_respondents"]
    assert counts["love"] == 10
    assert counts["honest"] == counts["honesty"] == 5
    assert found.lexicon.set_index("word").loc["caring", "gloss"] == "about care"
    named = found.matrix("binary").to_frame()
    assert named["honest"].sum() == 5
    assert named.loc["c1", ["honest", "honesty"]].tolist() == [0, 1]


def test_a_row_without_a_token_stands_for_itself() -> None:
    words, lexicon = tables()
    words.loc[words["word"] == "love", "token"] = None
    found = make_view(words, lexicon, rows=None, normalisation="token", allowed=None, least_respondents=2)
    assert "love" in set(found.lexicon["word"])
    assert "ORDER" in set(found.lexicon["word"])


def test_words_that_are_rare_in_these_answers_are_left_out() -> None:
    words, _ = tables()
    found = view(rows=words["respondent_id"].isin(["c0", "c1", "c2"]), least_respondents=2)
    assert list(found.lexicon["word"]) == [w for w in FAMILIES if w != "fame"]
    assert set(found.lexicon["n_respondents"]) == {3}
    assert set(found.matrix("count").respondents) == {"c0", "c1", "c2"}


def test_who_named_no_word_that_counts_is_still_a_respondent() -> None:
    found = view(allowed=set(FAMILIES) - {"love"}, least_respondents=1)
    assert len(found.matrix("binary").respondents) == 10
    assert "love" not in set(found.lexicon["word"])


def test_too_few_words_are_refused_with_their_number() -> None:
    with pytest.raises(DataError, match="2 words are left"):
        view(allowed={"love", "care"})


def test_views_differ_by_their_digest() -> None:
    words, _ = tables()
    digests = [v.digest for v in (view(), view(normalisation="lemma"), view(rows=words["respondent_id"] != "c0"))]
    assert len(set(digests)) == 3
    assert view().digest == digests[0]


def test_which_words_the_judges_agree_on() -> None:
    words, lexicon = tables()
    said = pd.DataFrame(
        [("love", "lexicon", "value"), ("love", "embedding", "value"), ("care", "lexicon", "value"),
         ("care", "embedding", "no value"), ("fame", "embedding", "value")],
        columns=["word", "judge", "verdict"],
    )  # fmt: skip
    source = Source(words, lexicon, pd.DataFrame(), value_filter=said)
    assert source.allowed("study") is None
    assert source.allowed("lexicon") == {"love", "care"}
    assert source.allowed("unanimous") == {"love", "fame"}
    assert source.unavailable() == {}


def test_what_given_tables_do_not_say_cannot_be_varied() -> None:
    words, lexicon = tables()
    source = Source(words.drop(columns="lemma").assign(token=None), lexicon, pd.DataFrame())
    assert set(source.unavailable()) == {
        ("normalisation", "lemma"),
        ("normalisation", "token"),
        ("filter", "lexicon"),
        ("filter", "unanimous"),
    }
    assert source.prompt_ids() is None


def test_prompts_come_from_the_answers_or_from_the_words_themselves() -> None:
    words = pd.DataFrame({"response_id": ["r1", "r1", "r2"], "word": ["trust", "care", "trust"]})
    responses = pd.DataFrame({"response_id": words["response_id"].drop_duplicates()}).assign(prompt_id="p1")
    own = words.assign(prompt_id=["p2", "p3", "p2"])
    lexicon, nothing = pd.DataFrame(), pd.DataFrame()
    assert Source(words, lexicon, nothing).prompt_ids() is None
    assert Source(own, lexicon, nothing).prompt_ids() == ["p2", "p3"]
    assert Source(own, lexicon, nothing, responses=responses).prompt_ids() == ["p1"]
    assert Source(own.assign(prompt_id=None), lexicon, nothing).prompt_ids() is None
