"""How alike words are to a language model, read from its next-word log-probabilities; the model is asked nothing.

A frame holds a word and breaks off where another word could follow ("Those close to me say I have a kind and"). What the model
expects there, over a fixed vocabulary, is the word's profile. Two words are alike if their profiles are (Cutler & Condon, 2023,
"Deep lexical hypothesis", J. Pers. Soc. Psychol. 125, who read masked models; here causal ones).

Opposites stand in the same places: "kind" and "cruel" have much the same neighbours, and a profile that rests on one frame
takes them for alike. What *and* raises over *but* goes together, what *but* raises over *and* does not (Hatzivassiloglou &
McKeown, 1997, "Predicting the semantic orientation of adjectives", ACL). A contrast of two frames reads that difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError

FloatArray = NDArray[np.float64]

Score = Callable[[Sequence[str], Sequence[str]], FloatArray]
"""(texts, vocabulary) -> log-probabilities (texts x vocabulary, natural logarithm, <= 0) of each word right after each text."""

Kind = Literal["profiles", "pairs"]
KINDS: tuple[str, ...] = get_args(Kind)

Frame = str | tuple[str, str]
"""One text, or two whose difference counts: (what goes together, what does not)."""

PLACE = "{word}"
"""Where a frame holds the word."""

VALUE_FRAMES: tuple[Frame, ...] = (
    ("We stand for {word} and", "We stand for {word} but not for"),
    ("What matters to me is {word} and", "What matters to me is {word} but not"),
    ("My values are {word} and", "My values are {word} but not"),
)
"""Frames for value words, which are nouns. Made after those for adjectives; not validated against people's answers."""

ADJECTIVE_FRAMES: tuple[Frame, ...] = (
    ("My friend is {word} and", "My friend is {word} but"),
    ("Those who know me well describe me as {word} and", "Those who know me well describe me as {word} but"),
    ("She is {word} and", "She is {word} but"),
)
"""Frames for adjectives that describe people; how they were chosen stands in docs/validation.md."""


@dataclass(frozen=True, eq=False)
class IntrinsicDetails:
    """What a similarity was made from.

    Attributes
    ----------
    frames : tuple of str or (str, str)
    vocabulary : tuple of str
        The words whose log-probabilities make the profiles.
    kind : str
    profiles : array, words x (frames x vocabulary)
        Standard scores with the row means taken out; empty for "pairs".
    logprobs : array, frames x words x vocabulary
        As the model gave them; for a contrast, the difference.
    agreement : float
        Mean correlation, over pairs of frames, of the similarities that each frame alone gives (below the diagonal); NaN for
        one. How much of the structure is the words', and not the frame's.
    """

    frames: tuple[Frame, ...]
    vocabulary: tuple[str, ...]
    kind: str
    profiles: FloatArray
    logprobs: FloatArray
    agreement: float

    def to_dict(self) -> dict[str, Any]:
        """What documents keep of it."""
        return {
            "kind": self.kind,
            "frames": [frame if isinstance(frame, str) else list(frame) for frame in self.frames],
            "n_vocabulary": len(self.vocabulary),
            "agreement": None if np.isnan(self.agreement) else round(self.agreement, 6),
        }


def intrinsic_similarity(
    words: Sequence[str],
    score: Score,
    *,
    frames: Sequence[Frame] = VALUE_FRAMES,
    vocabulary: Sequence[str] | None = None,
    kind: Kind = "profiles",
) -> tuple[pd.DataFrame, IntrinsicDetails]:
    """Return how alike words are to a language model.

    Parameters
    ----------
    words : sequence of str, p of them
    score : callable
        (texts, vocabulary) -> log-probabilities, texts x vocabulary. `valuelex.taxonomy.intrinsic.ModelScorer` makes one of any
        model that scores.
    frames : sequence of str or (str, str)
        Each text holds ``{word}`` and breaks off where a word of the vocabulary could follow. Of a pair, the second one's
        standard scores (for "pairs": centred log-probabilities) are subtracted from the first one's.
    vocabulary : sequence of str, optional
        Default: `words`. Words that are one token in the model need one pass per frame, longer ones several: a part of the
        words does nearly as well (docs/validation.md).
    kind : {"profiles", "pairs"}
        - profiles: each column (word of the vocabulary under a frame) is standardised over `words`, which takes out how common
          the word is; the row means are taken out, which takes out how much the frame leaves open; cells of a word with itself
          count as average. Similarity is the correlation of two rows, over all frames: p x p, unit diagonal, no negative
          eigenvalue.
        - pairs: log P(b | frame with a), row and column means taken out (pointwise mutual information), averaged over
          frames, made symmetric, in units of its own standard deviation, with a unit diagonal. Vocabulary must be `words`.
          It found more of people's factors than profiles did (docs/validation.md); it may have negative eigenvalues.

    Returns
    -------
    DataFrame, p x p
        Similarities.
    IntrinsicDetails

    Raises
    ------
    DataError
        For fewer than three words, words that stand twice, log-probabilities of the wrong shape, missing or infinite ones, or
        profiles without variance.
    SettingError
        For no frame, a frame without ``{word}`` or of more than two texts, an unknown kind, or a vocabulary with "pairs".
    """
    names = [str(word) for word in words]
    columns = names if vocabulary is None else [str(word) for word in vocabulary]
    _check(names, columns, frames, kind, own=vocabulary is None)
    itself = np.array([[a == b for b in columns] for a in names])
    centre = _standard if kind == "profiles" else _centred
    single, logprobs = [], []
    for frame in frames:
        found = [_scored(score, text, names, columns) for text in _texts(frame)]
        clean = [centre(one, itself) for one in found]
        single.append(clean[0] - clean[1] if len(clean) == 2 else clean[0])
        logprobs.append(found[0] - found[1] if len(found) == 2 else found[0])
    if kind == "profiles":
        profiles = np.hstack(single)
        similarity = _correlation(profiles)
        alone = [_correlation(one) for one in single]
    else:
        profiles = np.empty((len(names), 0))
        similarity = _pairs(np.mean(single, axis=0))
        alone = [_pairs(one) for one in single]
    details = IntrinsicDetails(tuple(frames), tuple(columns), kind, profiles, np.stack(logprobs), _agreement(alone))
    return pd.DataFrame(similarity, index=names, columns=names), details


def _texts(frame: Frame) -> tuple[str, ...]:
    return (frame,) if isinstance(frame, str) else tuple(frame)


def _check(names: list[str], columns: list[str], frames: Sequence[Frame], kind: str, *, own: bool) -> None:
    if len(names) < 3 or len(set(names)) < len(names):
        raise DataError(f"{len(names)} words, {len(set(names))} of them different.", "Give at least three, each once.")
    if len(columns) < 3 or len(set(columns)) < len(columns):
        raise DataError(
            f"The vocabulary holds {len(columns)} words, {len(set(columns))} of them different.",
            "Give at least three, each once.",
        )
    without = [text for frame in frames for text in _texts(frame) if PLACE not in text]
    if without or not frames:
        raise SettingError(
            f"The frame '{without[0]}' has no {PLACE}." if without else "There is no frame.",
            f"A frame holds {PLACE} and breaks off where a word can follow.",
        )
    if any(len(_texts(frame)) > 2 for frame in frames):
        raise SettingError(
            "A frame has more than two texts.", "Give a text, or a pair of texts whose difference counts."
        )
    if kind not in KINDS:
        raise SettingError(f"The kind of similarity '{kind}' is not known.", f"Known: {', '.join(KINDS)}.")
    if kind == "pairs" and not own:
        raise SettingError("Similarity by pairs compares the words with themselves.", "Leave the vocabulary out.")


def _scored(score: Score, frame: str, names: list[str], columns: list[str]) -> FloatArray:
    found = np.asarray(score([frame.replace(PLACE, name) for name in names], columns), dtype=np.float64)
    if found.shape != (len(names), len(columns)):
        raise DataError(
            f"'{frame}': {found.shape} log-probabilities came back for {len(names)} words and a vocabulary of {len(columns)}.",
            "The scorer must return one row per text and one column per word of the vocabulary.",
        )
    bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(bad):
        raise DataError(
            f"'{frame}': {len(bad)} words have no finite log-probabilities, the first '{names[bad[0]]}'.",
            "Leave these words out, or use a model that can score them.",
        )
    return found


def _standard(logprobs: FloatArray, itself: NDArray[np.bool_]) -> FloatArray:
    """Columns as standard scores over the words, then row means out; a word's cell with itself is the column's mean."""
    others = np.where(itself, np.nan, logprobs)
    mean, sd = np.nanmean(others, axis=0), np.nanstd(others, axis=0)
    scores = np.where(itself, 0.0, (logprobs - mean) / np.where(sd > 0, sd, 1.0))
    return np.asarray(scores - scores.mean(axis=1, keepdims=True))


def _centred(logprobs: FloatArray, itself: NDArray[np.bool_]) -> FloatArray:
    """Row and column means out, the diagonal left out of both and set to 0."""
    out = np.where(itself, np.nan, logprobs)
    # With holes one pass is not enough: means are taken out in turn until they are gone.
    for _ in range(50):
        out -= np.nanmean(out, axis=1, keepdims=True)
        columns = np.nanmean(out, axis=0, keepdims=True)
        out -= columns
        if np.abs(columns).max() < 1e-12:
            break
    return np.where(itself, 0.0, out)


def _correlation(profiles: FloatArray) -> FloatArray:
    rows = profiles - profiles.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    if (length < 1e-12).any():
        raise DataError("A word's profile has no variance.", "Use more frames, a larger vocabulary, or another model.")
    rows = rows / length
    out = np.asarray(rows @ rows.T)
    np.fill_diagonal(out, 1.0)
    return np.asarray((out + out.T) / 2)


def _pairs(information: FloatArray) -> FloatArray:
    out = (information + information.T) / 2
    spread = out[~np.eye(len(out), dtype=bool)].std()
    if spread < 1e-12:
        raise DataError("All pairs of words are equally likely.", "Use more frames or another model.")
    out = out / spread
    np.fill_diagonal(out, 1.0)
    return np.asarray(out)


def _agreement(alone: list[FloatArray]) -> float:
    if len(alone) < 2:
        return float("nan")
    below = np.tril_indices(len(alone[0]), -1)
    between = np.corrcoef([one[below] for one in alone])
    return float(between[np.tril_indices(len(alone), -1)].mean())
