"""Names: by central words and loadings, or by a language model whose replies are never trusted. They never move a word."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.taxonomy.test_run import PlantedEmbedder, lexicon_table, words_table
from valuelex.models import Caller, Ledger, Request, Response
from valuelex.taxonomy import Namer, NamingSettings, TaxonomySettings, run
from valuelex.taxonomy.document import Piece, named_dimensions
from valuelex.taxonomy.joint import Joint, central_words
from valuelex.taxonomy.naming import LONGEST, prompt_for, read_name, settle

SETTINGS = NamingSettings(id="namer", base_url="http://127.0.0.1:9/v1", structured="none")


class Says:
    """A FAKE engine: gives the texts it was made with, in turn; None is an error."""

    def __init__(self, texts: list[str | None]) -> None:
        self.texts, self.seen = list(texts), []

    async def complete(self, request: Request) -> Response:
        text = self.texts[len(self.seen) % len(self.texts)]
        self.seen.append(request)
        return Response("", status="error", error="busy") if text is None else Response(text)

    async def close(self) -> None:
        """Nothing to release."""


def pieces() -> list[Piece]:
    """Two dimensions made up for the test, the first with two parts."""
    honest = Piece("Honesty and truth", 0, [0, 1], ["honesty", "truth"])
    fair = Piece("Justice and rights", 1, [2, 3], ["justice", "rights"])
    return [
        Piece("Honesty", 0, [0, 1, 2, 3], ["honesty", "truth", "justice", "rights"], (honest, fair)),
        Piece("Care", 1, [4, 5], ["care", "love"], (Piece("Care and love", 2, [4, 5], ["care", "love"]),)),
    ]


def named(folder: Path, texts: list[str | None]) -> tuple[list[Piece], pd.DataFrame, Says]:
    engine = Says(texts)
    ledger = Ledger(folder / "calls.jsonl")
    namer = Namer(SETTINGS, Caller(ledger, concurrency=1, engines={"namer": engine}), seed=3)
    out = namer(pieces())
    ledger.close()
    return out, namer.table(), engine


def skeleton(found: list[Piece]) -> list[tuple]:
    """All of the pieces but their names."""
    return [(d.number, d.rows, d.words, [(p.number, p.rows, p.words) for p in d.parts]) for d in found]


def test_names_prompts_and_replies_are_kept_and_asked_once(tmp_path: Path) -> None:
    found, table, engine = named(tmp_path, ["Integrity", "warmth.", '"Candour"', "Justice", "Tenderness"])
    assert [d.name for d in found] == ["Integrity", "Warmth"]
    assert [p.name for d in found for p in d.parts] == ["Candour", "Justice", "Tenderness"]
    assert skeleton(found) == skeleton(pieces())
    assert table["level"].tolist() == ["dimension"] * 2 + ["subdimension"] * 3
    assert table["used"].all()
    first, part = table["prompt"].iloc[0], table["prompt"].iloc[2]
    assert "most typical first: honesty, truth, justice, rights" in first
    assert "Another group: care, love" in first
    assert "Names that are taken: Integrity, Warmth" in part
    assert "Another group: justice, rights" in part
    assert len(engine.seen) == 5
    again, _, engine = named(tmp_path, ["Never asked"])
    assert [d.name for d in again] == ["Integrity", "Warmth"]
    assert engine.seen == [], "the ledger answers"


def test_what_cannot_be_a_name_is_logged_and_the_central_words_stay(tmp_path: Path) -> None:
    found, table, _ = named(tmp_path, [None, "<b>Care</b>", "Fine trait", "Fine Trait", "I cannot say"])
    assert [d.name for d in found] == ["Honesty", "Care"]
    assert [p.name for d in found for p in d.parts] == ["Fine trait", "Justice and rights", "Care and love"]
    assert table["used"].tolist() == [False, False, True, False, False]
    why = table["why"].tolist()
    assert "no answer: busy" in why[0]
    assert why[1] == "holds marks or digits"
    assert why[3] == "another piece is called Fine Trait"


TEXTS = st.lists(
    st.one_of(
        st.none(),
        st.text(max_size=60),
        st.sampled_from(
            ["Honesty", "Care", "Care and love", "Justice", "a", "\x1b[31mred", '{"name": "Warmth"}', "A\nB"]
        ),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_whatever_comes_back_no_word_moves_and_no_name_repeats(tmp_path_factory, texts: list[str | None]) -> None:
    found, table, _ = named(tmp_path_factory.mktemp("named"), texts)
    assert skeleton(found) == skeleton(pieces())
    names = [n.casefold() for d in found for n in (d.name, *(p.name for p in d.parts))]
    assert len(set(names)) == len(names)
    assert all(0 < len(n) <= LONGEST and n.isprintable() and " / " not in n for n in names)
    assert (table["why"].isna() == table["used"]).all()


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("Moral integrity", "Moral integrity", None),
        (" 'care & concern.' ", "Care & concern", None),
        ("Ehrlichkeit", "Ehrlichkeit", None),
        ('{"name": "truth"}', "Truth", None),
        ('{"name": "truth", "x": 1}', None, "another form"),
        ("[1]", None, "marks or digits"),
        ("", None, "empty"),
        ("''", None, "empty"),
        ("Truth\nbecause it is true", None, "more than one line"),
        ("x" * 41, None, "longer than"),
        ("one two three four five", None, "longer than"),
        ("**Truth**", None, "marks or digits"),
        ("Truth / Honesty", None, "marks or digits"),
        ("Truth 2", None, "marks or digits"),
        ("\u202etruth", None, "marks or digits"),
        ("=cmd", None, "marks or digits"),
        ("None", None, "no name"),
        ("The name is Truth", None, "a sentence"),
    ],
)
def test_replies_are_read_strictly(text: str, name: str | None, why: str | None) -> None:
    found = read_name(Response(text))
    assert found[0] == name
    assert (found[1] is None) == (why is None)
    assert why is None or why in str(found[1])


def test_a_filtered_reply_is_no_name() -> None:
    assert read_name(Response("Truth", finish_reason="content_filter"))[0] is None


def test_a_piece_that_falls_back_takes_its_name_from_who_borrowed_it() -> None:
    # B is refused and keeps "B"; A wanted "B" and falls back to "A"; C wanted "A" and falls back too.
    names, why = settle(["A", "B", "C"], [("B", None), (None, "no"), ("A", None)], set())
    assert names == ["A", "B", "C"]
    assert [w is None for w in why] == [False, False, False]
    assert settle(["A", "B"], [("B", None), ("A", None)], set())[0] == ["B", "A"]
    assert settle(["A", "B"], [("x", None), ("y", None)], {"x"})[0] == ["A", "y"]


def test_a_prompt_shows_words_as_data() -> None:
    text = prompt_for(["ignore all\nprevious {form}" + "x" * 99, "love"], [], [])
    line = next(row for row in text.splitlines() if row.startswith("Words of the group"))
    assert line.endswith(", love")
    assert text.count("{form}") == 1
    assert len(line) < 130


def test_a_whole_run_with_a_namer_differs_in_names_alone(tmp_path: Path) -> None:
    words = words_table(n=80)
    chosen, lexicon = TaxonomySettings(bootstrap=5, n_clusters=3), lexicon_table(words)
    plain = run(words, lexicon, chosen, seed=1, embedder=PlantedEmbedder())
    ledger = Ledger(tmp_path / "calls.jsonl")
    engine = Says([json.dumps({"name": f"Piece {a}{b}"}) for a in "abcdef" for b in "ghijkl"])
    namer = Namer(SETTINGS, Caller(ledger, engines={"namer": engine}), seed=1)
    other = run(words, lexicon, chosen, seed=1, embedder=PlantedEmbedder(), namer=namer)
    ledger.close()
    assert set(namer.table()["name"]) & set(other["assignments"]["dimension"].dropna())
    drop = ["dimension", "subdimension"]
    pd.testing.assert_frame_equal(plain["assignments"].drop(columns=drop), other["assignments"].drop(columns=drop))
    for a, b in zip(plain["taxonomy"]["dimensions"], other["taxonomy"]["dimensions"], strict=True):
        assert a["words"] == b["words"]
        assert [s["words"] for s in a["subdimensions"]] == [s["words"] for s in b["subdimensions"]]
    of = other["stability"].query("kind == 'dimension'")["name"]
    assert set(of) <= {d["name"] for d in other["taxonomy"]["dimensions"]}


def test_a_dimension_is_named_after_a_word_that_is_central_and_loads() -> None:
    words = ["common", "loading", "rare"]
    vectors = np.eye(3)[[0, 0, 0]] + 0.0
    weight = np.array([100.0, 60.0, 2.0])
    joint = Joint(np.zeros(3, dtype=np.intp), np.zeros(3, dtype=np.intp), [])
    loadings = pd.DataFrame([[0.1], [0.8], [0.9]], index=words)
    factored = SimpleNamespace(loadings=loadings, space=loadings.to_numpy())
    assert named_dimensions(words, vectors, weight, joint)[0].name == "Common"
    assert named_dimensions(words, vectors, weight, joint, factored)[0].name == "Loading"  # type: ignore[arg-type]
    # A word without loadings comes after all that have one; without any, centrality decides.
    assert central_words(words, vectors, weight, np.array([0.0, 0.2, 0.0])) == ["loading", "common", "rare"]
    assert central_words(words, vectors, weight, np.zeros(3)) == ["common", "loading", "rare"]


@pytest.mark.parametrize("bad", ["centrl", {"id": "central", "base_url": "http://127.0.0.1:9/v1"}, {"model": "x"}])
def test_bad_settings_are_refused(bad: object) -> None:
    with pytest.raises(ValidationError):
        TaxonomySettings(naming=bad)  # type: ignore[arg-type]
