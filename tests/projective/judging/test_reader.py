from dataclasses import replace

import numpy as np

import valuelex.projective.judging.reader as module
from tests.projective.conftest import HashedWordsEmbedder
from valuelex.projective import StanceReader, open_reader
from valuelex.projective.judging.contrasts import all_contrasts
from valuelex.semantics import Passage


class FakeStates:
    """FAKE hidden states: bags of the text's words, and of those before it. Counts what it is asked."""

    name = "hashed-words-fake"
    asked = 0

    def read(self, passages):
        self.asked += 1
        words = HashedWordsEmbedder()
        return np.hstack([words.encode([p.text for p in passages]), words.encode([p.before for p in passages])])


def passages(*texts):
    return [Passage("If I could, I", text) for text in texts]


def test_what_was_learnt_is_kept_until_something_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "all_contrasts", lambda: all_contrasts()[:60])
    first = FakeStates()
    one = StanceReader(first, made_by="one", folder=tmp_path)
    learnt = one.learnt
    (path,) = tmp_path.glob("stance-*.npz")
    again = FakeStates()
    other = StanceReader(again, made_by="one", folder=tmp_path)
    kept = other.learnt
    assert (first.asked, again.asked) == (1, 0)
    texts = passages("kindness costs nothing", "nobody is watching")
    np.testing.assert_array_equal(kept.ridge.predict(other.read(texts)), learnt.ridge.predict(one.read(texts)))
    np.testing.assert_array_equal(kept.level, learnt.level)
    path.write_bytes(path.read_bytes()[:200])
    for made_by in ("one", "two"):
        states = FakeStates()
        found = StanceReader(states, made_by=made_by, folder=tmp_path).learnt
        assert states.asked == 1
        np.testing.assert_array_equal(found.ridge.left_out, learnt.ridge.left_out)
    assert len(list(tmp_path.iterdir())) == 2


def test_rows_are_standardized_by_the_contrasts_and_have_length_one(monkeypatch):
    rows = all_contrasts()[:60]
    monkeypatch.setattr(module, "all_contrasts", lambda: rows)
    states = FakeStates()
    reader = StanceReader(states)
    raw = states.read([Passage(row.stem, row.text) for row in rows])
    expected = (raw - raw.mean(axis=0)) / np.maximum(raw.std(axis=0), module.LEAST_SPREAD)
    expected[:, 64:] *= np.sqrt(module.LAST_WEIGHT)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(reader.read([Passage(row.stem, row.text) for row in rows]), expected)
    np.testing.assert_allclose(reader.learnt.ridge.vectors, expected)


def test_a_contrast_of_almost_no_weight_teaches_almost_nothing(monkeypatch):
    rows = all_contrasts()[:60]
    light = tuple(replace(row, weight=1e-9, level=6 - row.level) for row in all_contrasts()[60:120])
    texts = [Passage(row.stem, row.text) for row in all_contrasts()[120:160]]
    # Else the light ones would move the means and deviations of all.
    monkeypatch.setattr(
        module, "_unit", lambda states, center, spread: states / np.linalg.norm(states, axis=1)[:, None]
    )
    predicted = []
    for known in (rows, rows + light, rows + tuple(replace(row, weight=1.0) for row in light)):
        monkeypatch.setattr(module, "all_contrasts", lambda known=known: known)
        reader = StanceReader(FakeStates())
        predicted.append(reader.learnt.ridge.predict(reader.read(texts)))
    np.testing.assert_allclose(predicted[1], predicted[0], atol=1e-6)
    assert np.abs(predicted[2] - predicted[0]).max() > 0.1


def test_a_process_opens_one_reader_whoever_listens(reader):
    assert open_reader(lambda message: None) is reader
