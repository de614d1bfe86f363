"""The corpus of contrasts, all files."""

import numpy as np
import pandas as pd
import pytest
import yaml

import valuelex.projective.judging.contrasts as module
from tests.projective.conftest import HashedWordsEmbedder
from valuelex.projective import StanceReader
from valuelex.projective.text import bare
from valuelex.resources import find

FILES = sorted(find("manuals", "contrasts.yaml").parent.glob("contrasts*.yaml"))


@pytest.fixture(scope="module")
def entries():
    return [entry for path in FILES for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["contrasts"]]


def test_every_stem_is_answered_at_both_poles(entries):
    assert len(entries) > 800
    for entry in entries:
        levels = set(entry["completions"])
        assert levels <= set(range(7)) and min(levels) < 3 < max(levels), entry["stem"]
        assert all(isinstance(text, str) and text.strip() for text in entry["completions"].values()), entry["stem"]


def test_no_stem_stands_twice(entries):
    stems = [bare(entry["stem"]).casefold() for entry in entries]
    assert len(stems) == len(set(stems))


def test_length_does_not_tell_the_level(entries):
    """Rank-biserial correlation of pole and words: small, so that nothing can be learnt from length."""
    words = pd.DataFrame(
        [
            (level > 3, len(text.split()))
            for entry in entries
            for level, text in entry["completions"].items()
            if level != 3
        ],
        columns=["high", "words"],
    )
    ranks = words["words"].rank()
    high, low = words["high"].sum(), (~words["high"]).sum()
    auc = (ranks[words["high"]].sum() - high * (high + 1) / 2) / (high * low)
    assert abs(2 * auc - 1) < 0.15


@pytest.mark.parametrize("file", ["counter_completions.csv", "counter_completions_second.csv"])
def test_nothing_of_the_validation_sets_is_in_it(entries, file):
    table = pd.read_csv(find("reference", file))
    known = {text for entry in entries for text in entry["completions"].values()}
    assert not known & set(table["completion"])
    assert not {bare(entry["stem"]).casefold() for entry in entries} & {bare(s).casefold() for s in table["stem"]}


class CountingFakeEmbedder(HashedWordsEmbedder):
    """A FAKE embedder that counts what it is asked."""

    asked = 0

    def encode(self, texts):
        self.asked += 1
        return super().encode(texts)


def test_what_was_learnt_is_kept_until_something_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "all_contrasts", lambda: module.contrasts()[:60])
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
