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


def test_a_process_opens_one_reader_whoever_listens(reader):
    assert open_reader(lambda message: None) is reader
