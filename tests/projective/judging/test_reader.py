from dataclasses import replace

import numpy as np

import valuelex.projective.judging.reader as module
from tests.projective.conftest import HashedWordsEmbedder
from valuelex.projective import StanceReader, open_reader
from valuelex.projective.judging.contrasts import contrasts


class CountingFakeEmbedder(HashedWordsEmbedder):
    """A FAKE embedder that counts what it is asked."""

    asked = 0

    def encode(self, texts):
        self.asked += 1
        return super().encode(texts)


def test_what_was_learnt_is_kept_until_something_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "all_contrasts", lambda: contrasts()[:60])
    first = CountingFakeEmbedder()
    learnt = StanceReader(first, made_by="one", folder=tmp_path).learnt
    (path,) = tmp_path.glob("stance-*.npz")
    again = CountingFakeEmbedder()
    kept = StanceReader(again, made_by="one", folder=tmp_path).learnt
    assert (first.asked, again.asked) == (1, 0)
    texts = ["kindness costs nothing", "nobody is watching"]
    np.testing.assert_array_equal(kept.ridge.predict(first.encode(texts)), learnt.ridge.predict(first.encode(texts)))
    np.testing.assert_array_equal(kept.level, learnt.level)
    path.write_bytes(path.read_bytes()[:200])
    for made_by in ("one", "two"):
        other = CountingFakeEmbedder()
        found = StanceReader(other, made_by=made_by, folder=tmp_path).learnt
        assert other.asked == 1
        np.testing.assert_array_equal(found.ridge.left_out, learnt.ridge.left_out)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_contrast_of_almost_no_weight_teaches_almost_nothing(monkeypatch):
    rows = contrasts()[:60]
    light = tuple(replace(row, weight=1e-9, level=6 - row.level) for row in contrasts()[60:120])
    texts = [row.text for row in contrasts()[120:160]]
    predicted = []
    for known in (rows, rows + light, rows + tuple(replace(row, weight=1.0) for row in light)):
        monkeypatch.setattr(module, "all_contrasts", lambda known=known: known)
        reader = StanceReader(HashedWordsEmbedder())
        predicted.append(reader.learnt.ridge.predict(reader.encode(texts)))
    np.testing.assert_allclose(predicted[1], predicted[0], atol=1e-6)
    assert np.abs(predicted[2] - predicted[0]).max() > 0.1


def test_a_process_opens_one_reader_whoever_listens(reader):
    assert open_reader(lambda message: None) is reader
