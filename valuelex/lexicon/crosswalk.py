"""Which category of a published value theory does a word fall under? The table `crosswalk`.

Words of the value lexicon have categories by hand (instruments/lexicon/crosswalk.csv, sources in SOURCES.md there). Other words
get them from the hand-mapped words that are nearest in meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import BadInput
from valuelex.lexicon.normalise import ValueLexicon
from valuelex.semantics import Embedder
from valuelex.tables import frame, own_or_packaged, read_frame

NEIGHBOURS = 12
"""So many nearest hand-mapped words vote; of 3 to 20, the number with the highest accuracy when each word was left out."""

STEEPNESS = 4
"""A neighbour's vote weighs its cosine to this power, times the confidence of its category."""

LEAST = 0.3
"""A category with a smaller share of the votes is not written: fewer than half of such categories were right."""

SILENT = 0.6
"""Weight of the vote "no category" of a word to which the hand-made mapping gives none in a system: as that of a clear one."""

FloatArray = NDArray[np.float64]


def load_crosswalk(source: str, folder: Path) -> pd.DataFrame:
    """Read a hand-made mapping: word, system, category, confidence (0-1).

    Parameters
    ----------
    source : str
        A name in instruments/lexicon/, or a CSV file of one's own relative to `folder`; systems and categories are free.

    Raises
    ------
    BadInput
        If a column is missing, a confidence is no number from 0 to 1, or a row repeats another.
    """
    path = own_or_packaged(source, "lexicon", ".csv", folder)
    data = read_frame(path)
    columns = ["word", "system", "category", "confidence"]
    missing = [name for name in columns if name not in data.columns]
    if missing:
        raise BadInput(f"{path}: column {', '.join(missing)} is missing.", f"A crosswalk has {', '.join(columns)}.")
    data = data[columns]
    sure = pd.to_numeric(data["confidence"], errors="coerce")
    bad = data[columns[:3]].isna().any(axis=1) | ~sure.between(0, 1) | data.duplicated(columns[:3])
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise BadInput(
            f"{path}, row {row + 2}: {', '.join(str(cell) for cell in data.iloc[row])} cannot be used.",
            "A row has a word, a system, a category and a confidence from 0 to 1, and no two rows are of the same three.",
        )
    return data.assign(confidence=sure.astype(float)).reset_index(drop=True)


def crosswalk(
    words: Sequence[str], mapping: pd.DataFrame, lexicon: ValueLexicon, embedder: Embedder | None
) -> pd.DataFrame:
    """Return the table `crosswalk`: every category of every word, in the order of the words.

    Parameters
    ----------
    words : sequence of str
        Word types.
    mapping : DataFrame
        By hand (`load_crosswalk`). A word that it names keeps what it says, also where that is nothing in some system.
    lexicon : ValueLexicon
        Its glosses say which sense of a hand-mapped word is meant.
    embedder : Embedder or None
        Without it words that the mapping does not name have no rows.
    """
    by_hand: dict[str, list[dict[str, object]]] = {}
    for word, *row in mapping[["word", "system", "category", "confidence"]].itertuples(index=False, name=None):
        by_hand.setdefault(word, []).append(dict(zip(("system", "category", "confidence"), row, strict=True)))
    others = [word for word in words if word not in by_hand and word not in lexicon.glosses]
    near: dict[str, list[dict[str, object]]] = {}
    if others and embedder is not None and len(mapping):
        vectors = embedder.encode(others)
        for votes in _votes(mapping, lexicon, embedder, vectors):
            for i, k in zip(*np.nonzero(votes.named()), strict=True):
                near.setdefault(others[i], []).append(
                    {
                        "system": votes.system,
                        "category": votes.categories[k],
                        "confidence": round(float(votes.share[i, k]), 3),
                    }
                )
    rows: list[dict[str, object]] = []
    for word in words:
        if word in by_hand:
            rows += [{"word": word, **row, "source": "hand"} for row in by_hand[word]]
        else:
            rows += [{"word": word, **row, "source": "embedding"} for row in near.get(word, [])]
    return frame("crosswalk", rows)


@dataclass(frozen=True, eq=False)
class Votes:
    """How the neighbours of some words vote in one system.

    Attributes
    ----------
    system : str
    categories : list of str
    share : array of float, words x (categories + 1), 0-1, rows sum to 1
        The last column is "no category".
    """

    system: str
    categories: list[str]
    share: FloatArray

    def named(self) -> NDArray[np.bool_]:
        """Which categories each word is given: words x categories; none where "no category" has the most votes."""
        silent = self.share[:, -1:] >= self.share.max(axis=1, keepdims=True)
        return (self.share[:, :-1] >= LEAST) & ~silent


def _votes(
    mapping: pd.DataFrame, lexicon: ValueLexicon, embedder: Embedder, vectors: FloatArray, *, leave_out: bool = False
) -> list[Votes]:
    """Votes of the hand-mapped words, per system; with `leave_out`, row i of `vectors` is anchor i, which then has no vote."""
    anchors = anchors_of(mapping, lexicon)
    texts = [f"{word}: {lexicon.glosses[word]}" if lexicon.glosses.get(word) else word for word in anchors]
    cosine = vectors @ embedder.encode(texts).T
    if leave_out:
        np.fill_diagonal(cosine, -1.0)
    nearest = np.argsort(-cosine, axis=1, kind="stable")[:, :NEIGHBOURS]
    weight = np.clip(np.take_along_axis(cosine, nearest, axis=1), 1e-6, None) ** STEEPNESS
    if leave_out:
        weight[nearest == np.arange(len(anchors))[:, None]] = 0.0
    out = []
    for system in sorted(mapping["system"].unique()):
        categories, table = _by_word(mapping[mapping["system"] == system], anchors)
        votes = np.einsum("ij,ijk->ik", weight, table[nearest])
        out.append(Votes(str(system), categories, votes / votes.sum(axis=1, keepdims=True)))
    return out


def anchors_of(mapping: pd.DataFrame, lexicon: ValueLexicon) -> list[str]:
    """The words that vote: those of the mapping, and those of the lexicon that it was made for but gives no category."""
    named = {str(word) for word in mapping["word"]}
    return sorted(named | set(lexicon.glosses)) if named & set(lexicon.glosses) else sorted(named)


def _by_word(part: pd.DataFrame, anchors: Sequence[str]) -> tuple[list[str], FloatArray]:
    """One system's confidences: anchors x (categories + 1), the last column for anchors without a category."""
    categories = sorted(str(name) for name in part["category"].unique())
    at = {word: i for i, word in enumerate(anchors)}
    table = np.zeros((len(anchors), len(categories) + 1))
    for word, category, confidence in zip(part["word"], part["category"], part["confidence"], strict=True):
        table[at[word], categories.index(category)] = confidence
    table[table.sum(axis=1) == 0, -1] = SILENT
    return categories, table


def leave_one_out(mapping: pd.DataFrame, lexicon: ValueLexicon, embedder: Embedder) -> pd.DataFrame:
    """How good is the mapping by embedding? Every hand-mapped word in turn is mapped by the others.

    Returns
    -------
    DataFrame
        One row per system and band of confidence ("all", "0.3 to 0.5", ...): n_named (categories given), n_right (which the
        word has by hand, whatever its confidence there), precision; for "all" also first_right, the share of the words with
        a category by hand whose most-voted category is one of these.
    """
    anchors = anchors_of(mapping, lexicon)
    rows = []
    for votes in _votes(mapping, lexicon, embedder, embedder.encode(anchors), leave_out=True):
        truth = _by_word(mapping[mapping["system"] == votes.system], anchors)[1]
        has, given = truth[:, :-1] > 0, votes.named()
        first = np.zeros_like(has)
        first[np.arange(len(anchors)), votes.share[:, :-1].argmax(axis=1)] = True
        spoken = has.any(axis=1)
        bands = [("all", 0.0, 2.0), ("0.3 to 0.5", LEAST, 0.5), ("0.5 to 0.7", 0.5, 0.7), ("0.7 and more", 0.7, 2.0)]
        for name, low, high in bands:
            chosen = given & (votes.share[:, :-1] >= low) & (votes.share[:, :-1] < high)
            n, right = int(chosen.sum()), int((chosen & has).sum())
            rows.append(
                {
                    "system": votes.system,
                    "band": name,
                    "n_named": n,
                    "n_right": right,
                    "precision": right / n if n else np.nan,
                    "first_right": float(np.mean(np.any(first & has, axis=1)[spoken])) if name == "all" else np.nan,
                }
            )
    return pd.DataFrame(rows)
