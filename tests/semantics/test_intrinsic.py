"""Similarity from log-probabilities: planted groups come back, what is only frequency does not, and bad scores are named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuelex.errors import DataError, SettingError
from valuelex.semantics import intrinsic_similarity
from valuelex.semantics.intrinsic import _centred

WORDS = [f"w{i}" for i in range(12)]
GROUP = np.repeat([0, 1, 2], 4)
FRAMES = ("{word} and", "a {word} friend is")


def made_up_score(strength: float = 1.0, seed: int = 0):
    """A made-up model: likelier words of the same group, words of very different frequency, frames of different openness."""
    frequency = np.random.default_rng(seed).normal(0, 3, len(WORDS))

    def score(texts: Sequence[str], vocabulary: Sequence[str]) -> np.ndarray:
        out = np.empty((len(texts), len(vocabulary)))
        for i, text in enumerate(texts):
            word = next(w for w in text.split() if w in WORDS)
            for j, other in enumerate(vocabulary):
                rng = np.random.default_rng([seed, *f"{text} {other}".encode()])
                same = GROUP[WORDS.index(word)] == GROUP[WORDS.index(other)]
                out[i, j] = strength * same + frequency[WORDS.index(other)] - 9 + rng.normal(0, 0.1)
            out[i] -= len(text)
        return out

    return score


@pytest.mark.parametrize("kind", ["profiles", "pairs"])
def test_planted_groups_come_back_whatever_the_frequency(kind: str) -> None:
    similarity, details = intrinsic_similarity(WORDS, made_up_score(), frames=FRAMES, kind=kind)
    values = similarity.to_numpy()
    off = ~np.eye(12, dtype=bool)
    same = (GROUP[:, None] == GROUP[None]) & off
    assert values[same].min() > values[off & ~same].mean() + 0.3
    assert all((values[i][same[i]].mean() > values[i][off[i] & ~same[i]].max()) for i in range(12))
    np.testing.assert_array_equal(values, values.T)
    np.testing.assert_array_equal(np.diag(values), 1)
    assert details.agreement > 0.8
    assert details.logprobs.shape == (2, 12, 12)
    assert details.to_dict()["n_vocabulary"] == 12
    if kind == "profiles":
        assert np.linalg.eigvalsh(values).min() > -1e-9


def test_frequency_alone_makes_no_structure() -> None:
    _, details = intrinsic_similarity(WORDS, made_up_score(strength=0), frames=FRAMES)
    assert abs(details.agreement) < 0.3


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 1000))
def test_how_common_the_words_are_moves_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(6, 6))
    shifted = base + rng.normal(0, 5, 6)[None]
    words = list("abcdef")
    for kind in ("profiles", "pairs"):
        first, _ = intrinsic_similarity(words, lambda t, v: base, frames=["{word}"], kind=kind)
        second, _ = intrinsic_similarity(words, lambda t, v: shifted, frames=["{word}"], kind=kind)
        np.testing.assert_allclose(first, second, atol=1e-8)


def test_the_profile_by_hand() -> None:
    """Columns standardised without the word's own cell, rows centred, rows correlated: numpy's corrcoef of the same cells."""
    base = np.random.default_rng(3).normal(size=(5, 5))
    cells = base.copy()
    np.fill_diagonal(cells, np.nan)
    z = (base - np.nanmean(cells, axis=0)) / np.nanstd(cells, axis=0)
    np.fill_diagonal(z, 0)
    found, _ = intrinsic_similarity(list("abcde"), lambda t, v: base, frames=["{word}"])
    np.testing.assert_allclose(found, np.corrcoef(z), atol=1e-12)


def test_a_contrast_tells_opposites_from_what_goes_together() -> None:
    """Two groups of opposites: "and" and "but" both name the same topic, and differ in which side of it they take."""
    words = [f"{side}{topic}{i}" for topic in "ab" for side in "+-" for i in range(4)]
    rng = np.random.default_rng(6)

    def score(texts: Sequence[str], vocabulary: Sequence[str]) -> np.ndarray:
        out = rng.normal(0, 0.05, (len(texts), len(vocabulary)))
        for i, text in enumerate(texts):
            word, joint = text.split()
            for j, other in enumerate(vocabulary):
                same_side = (word[0] == other[0]) == (joint == "and")
                out[i, j] += (word[1] == other[1]) * (2 + 0.5 * same_side)
        return out

    plain, _ = intrinsic_similarity(words, score, frames=["{word} and"])
    contrast, details = intrinsic_similarity(words, score, frames=[("{word} and", "{word} but")])
    assert plain.loc["+a0", "-a1"] > 0.5
    assert contrast.loc["+a0", "-a1"] < -0.5
    assert contrast.loc["+a0", "+a1"] > 0.5
    assert abs(contrast.loc["+a0", "-b1"]) < 0.4
    assert details.to_dict()["frames"] == [["{word} and", "{word} but"]]


def test_double_centring_leaves_no_means_with_a_hole_on_the_diagonal() -> None:
    base = np.random.default_rng(4).normal(size=(7, 7))
    hole = np.eye(7, dtype=bool)
    out = _centred(base, hole)
    assert np.abs(out.sum(axis=0)).max() < 1e-10
    assert np.abs(out.sum(axis=1)).max() < 1e-10
    assert (np.diag(out) == 0).all()


def test_a_vocabulary_of_other_words_makes_profiles() -> None:
    similarity, details = intrinsic_similarity(WORDS, made_up_score(), frames=FRAMES, vocabulary=WORDS[::2])
    assert similarity.shape == (12, 12)
    assert details.profiles.shape == (12, 12)  # two frames of six words each
    assert list(similarity.index) == WORDS


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"words": ["a", "b"]}, DataError, "2 words"),
        ({"words": ["a", "b", "a"]}, DataError, "3 words, 2 of them different"),
        ({"frames": ["no place"]}, SettingError, r"The frame 'no place' has no \{word\}"),
        ({"frames": [("{word} and", "no place")]}, SettingError, "The frame 'no place'"),
        ({"frames": [("{word}",) * 3]}, SettingError, "more than two texts"),
        ({"frames": []}, SettingError, "There is no frame"),
        ({"kind": "neither"}, SettingError, "'neither' is not known"),
        ({"kind": "pairs", "vocabulary": ["x", "y", "z"]}, SettingError, "Leave the vocabulary out"),
        ({"vocabulary": ["x"]}, DataError, "vocabulary holds 1 words"),
        ({"score": lambda t, v: np.zeros((2, 2))}, DataError, r"\(2, 2\) log-probabilities came back for 3 words"),
        ({"score": lambda t, v: np.full((3, 3), -np.inf)}, DataError, "3 words have no finite log-probabilities"),
        ({"score": lambda t, v: np.zeros((3, 3))}, DataError, "has no variance"),
        ({"score": lambda t, v: np.zeros((3, 3)), "kind": "pairs"}, DataError, "All pairs of words are equally likely"),
    ],
)
def test_what_cannot_be_used_is_named(change: dict, error: type, said: str) -> None:
    given_ = {
        "words": ["a", "b", "c"],
        "score": lambda t, v: np.random.default_rng(0).normal(size=(3, 3)),
        "frames": ["{word}"],
    }
    with pytest.raises(error, match=said):
        intrinsic_similarity(**(given_ | change))


def test_similarities_keep_the_order_of_the_words() -> None:
    similarity, _ = intrinsic_similarity(WORDS, made_up_score(), frames=FRAMES)
    turned, _ = intrinsic_similarity(WORDS[::-1], made_up_score(), frames=FRAMES)
    pd.testing.assert_frame_equal(turned.loc[WORDS, WORDS], similarity, check_exact=False, atol=1e-10)
