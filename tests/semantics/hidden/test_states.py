import shutil

import numpy as np
import pytest

from valuelex.errors import ArtifactError
from valuelex.semantics.hidden import HiddenStates, Passage
from valuelex.semantics.hidden.graph import MAX_TOKENS
from valuelex.semantics.hidden.quantize import run
from valuelex.semantics.hidden.states import MOST_BEFORE

SAMPLES = [
    "I keep my word.",
    "Nobody will notice, so I leave it.",
    "The weather is mild today.",
    "We share what we have.",
]
OF = {"samples": lambda: SAMPLES, "samples_key": "four"}
TEXTS = [
    "Honesty matters to me.",
    "Honesty bores me.",
    "I help whoever asks.",
    "No.",
    "",
    "word " * 900,
    "誠実 🙂",
    "\ud800",
    "\x06\x13",  # bytes that the vocabulary lacks
    "I keep my word.",
    "I drop my word.",
    "I sell my word.",
]


PASSAGES = [Passage("", text) for text in TEXTS] + [Passage("When a customer waits, I", text) for text in TEXTS]


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    return tmp_path_factory.mktemp("graphs")


@pytest.fixture(scope="module")
def states(smollm2, graphs):
    return HiddenStates("two layers", model=smollm2, layers=2, **OF, folder=graphs)


def test_rows_come_in_their_passages_order(states):
    found = states.read(PASSAGES)
    assert found.shape == (len(PASSAGES), 2 * 576) and np.isfinite(found).all()
    np.testing.assert_array_equal(states.read(PASSAGES[::-1]), found[::-1])
    assert states.read([]).shape == (0, 0)


def test_company_moves_no_bit_of_a_row(states):
    alone = np.vstack([states._read([passage])[0] for passage in PASSAGES])  # read would remember them
    np.testing.assert_array_equal(np.vstack(states._read(PASSAGES)), alone)


def test_what_stands_before_is_understood_and_not_told_of(states):
    """The mean and the last state of the last words of a longer text, as the model reads it in one piece."""
    ids = states._tokenizer.encode("I keep my word. No.").ids
    whole = run(states._session, np.array([ids]))[0][0]
    own = whole[len(states._tokenizer.encode("I keep my word.").ids) :]
    found = states.read([Passage("I keep my word.", "No."), Passage("I drop my word.", "No."), Passage("", "No.")])
    np.testing.assert_array_equal(found[0], np.r_[own.mean(axis=0), own[-1]])
    assert np.abs(found[1] - found[0]).max() > 0.01 and np.abs(found[2] - found[0]).max() > 0.01


def test_a_rest_of_a_word_follows_without_a_space(states):
    ids = states._tokenizer.encode("I'm sure").ids
    own = run(states._session, np.array([ids]))[0][0][1:]
    np.testing.assert_array_equal(states.read([Passage("I", "'m sure")])[0], np.r_[own.mean(axis=0), own[-1]])


def test_of_a_long_text_the_beginning_is_read_and_of_what_stands_before_the_end(states):
    short, long = "word " * (MAX_TOKENS - MOST_BEFORE), "word " * 2 * MAX_TOKENS
    before = "go " * MAX_TOKENS
    first, second, other = states.read([Passage(before, long), Passage("up " + before, long), Passage(before, short)])
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, other)


def test_the_graph_is_built_once_and_a_broken_one_is_named(states, graphs, smollm2, tmp_path):
    (built,) = graphs.glob("*.onnx")
    for path in graphs.iterdir():
        shutil.copy(path, tmp_path)
    file = tmp_path / built.name
    changed = file.stat().st_mtime_ns

    def make():
        return HiddenStates("x", model=smollm2, layers=2, **OF, folder=tmp_path)

    np.testing.assert_array_equal(make().read(PASSAGES[:2]), states.read(PASSAGES[:2]))
    assert file.stat().st_mtime_ns == changed
    file.write_bytes(b"no graph")
    with pytest.raises(ArtifactError, match="builds them anew"):
        make()


def test_rows_are_kept(graphs, smollm2, tmp_path):
    def make():
        return HiddenStates("x", model=smollm2, layers=2, **OF, folder=graphs, cache=tmp_path / "vectors.sqlite")

    first = make().read(PASSAGES[::5])
    again = make()
    again._read = None  # whatever is not kept fails
    np.testing.assert_array_equal(again.read(PASSAGES[::5]), first)
