"""Two taxonomies side by side: which dimensions correspond, how alike they are, and which words moved.

Dimensions are matched one to one by the Hungarian method (Kuhn, 1955) on the Jaccard similarity of their words, counted over
the words that both taxonomies know. A dimension's loadings are those on the direction of its own words in the space of the
factors, so that rotation plays no part; two of them are compared by Tucker's congruence over the words that both loaded.
Factors are matched by the largest absolute congruence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.errors import DataError
from valuelex.psychometrics.alignment import congruence_core
from valuelex.tables import digest_json
from valuelex.taxonomy.correspondence import partition_indices
from valuelex.taxonomy.diff_result import TaxonomyDiff
from valuelex.taxonomy.edits import SEPARATOR

FloatArray = NDArray[np.float64]

Level = Literal["dimension", "subdimension"]

NOT_THERE = "(not there)"

LEAST_SHARED = 3
"""Words that two sets of loadings must share for a congruence: with two any pair of profiles is nearly alike or opposed."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two taxonomies.

    Attributes
    ----------
    name : str
        What it is called in the result.
    places : DataFrame
        Indexed by word, with `dimension` and `subdimension`; empty cells for words without one.
    loadings : DataFrame or None
        Words x factors, the pattern.
    phi : DataFrame or None
        Correlations of the factors; None takes them as uncorrelated.
    about : dict
        What is known of it, for people: date, languages, models, counts.
    settings : dict
        Flat settings behind it.
    interpretable : bool or None
        None where no document says so.
    notes : tuple of str
        What a reader has to know: words that a mapping joined, settings that are not known.
    """

    name: str
    places: pd.DataFrame
    loadings: pd.DataFrame | None = None
    phi: pd.DataFrame | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    interpretable: bool | None = None
    notes: tuple[str, ...] = ()

    @property
    def dimensions(self) -> list[str]:
        """Names, in the order of the table."""
        return [str(d) for d in self.places["dimension"].dropna().unique()]


def renamed(side: Side, words: Mapping[str, str]) -> Side:
    """Return a side whose words are called as `words` says; two words that become one are one where they have one place.

    Words that become one and stand in different dimensions are taken out, since where they stand cannot be said; a note counts
    them.
    """
    called = [words.get(str(w), str(w)) for w in side.places.index]
    groups = side.places.groupby(pd.Index(called, name="word"), sort=False)
    alike = groups["dimension"].transform(lambda d: d.nunique(dropna=False)).to_numpy() == 1
    kept = side.places[alike].set_axis(pd.Index(called, name="word")[alike])
    places = kept[~kept.index.duplicated()]
    lost, joined = len(set(called)) - len(places), int(alike.sum()) - len(places)
    notes = list(side.notes)
    if joined:
        notes.append(
            f"{joined} words of {side.name} mean the same as another one of the same dimension and were joined with it."
        )
    if lost:
        notes.append(f"{lost} words of {side.name} stand for several words of different dimensions and were left out.")
    loadings = side.loadings
    if loadings is not None:
        loadings = loadings.set_axis([words.get(str(w), str(w)) for w in loadings.index])
        loadings = loadings[~loadings.index.duplicated() & loadings.index.isin(places.index)]
    return replace(side, places=places, loadings=loadings, notes=tuple(notes))


def diff(a: Side, b: Side) -> TaxonomyDiff:
    """Compare two taxonomies.

    The result of (b, a) is that of (a, b) with the sides exchanged, ties included.

    Raises
    ------
    DataError
        If one has no words, or they share none.
    """
    for side in (a, b):
        if side.places.empty:
            raise DataError(f"{side.name}: holds no words.", "Run its taxonomy first; see its report for the reasons.")
    there = set(b.places.index)
    shared = [str(w) for w in a.places.index if w in there]
    if not shared:
        raise DataError(
            f"{a.name} and {b.name} share no word.",
            "If they are in different languages, give the words of one in those of the other: --map FILE.",
        )
    # Ties of the assignment are broken on the pair in an order of its own, so that neither side comes first.
    swapped = _stamp(a) > _stamp(b)

    def match(level: Level) -> list[tuple[str, str]]:
        one, two = (_sets(side, level, shared) for side in ((b, a) if swapped else (a, b)))
        return [(y, x) if swapped else (x, y) for x, y in _match(one, two)]

    pairs = match("dimension")
    dimensions = _dimensions(a, b, pairs, shared)
    words = _words(a, b, dict(pairs), dict(match("subdimension")), shared)
    return TaxonomyDiff(
        names=(a.name, b.name),
        about=_about(a, b),
        agreement=_agreement(a, b, shared),
        dimensions=dimensions,
        words=words,
        factors=_factors(a, b),
        settings=_settings(a.settings, b.settings),
        notes=tuple(dict.fromkeys([*a.notes, *b.notes, *_doubts(a), *_doubts(b)])),
    )


def _stamp(side: Side) -> str:
    return digest_json(sorted([str(w), str(_path(d, s))] for w, d, s in side.places.itertuples()))


def _path(dimension: Any, subdimension: Any) -> str | None:
    """The finest piece that a word stands in, with its dimension: names of subdimensions may repeat in other dimensions."""
    if pd.isna(dimension):
        return None
    return str(dimension) if pd.isna(subdimension) else f"{dimension}{SEPARATOR}{subdimension}"


def _sets(side: Side, level: Level, shared: Iterable[str]) -> dict[str, set[str]]:
    """Piece -> its words among those that both sides know; a word without a subdimension is in none of these."""
    found: dict[str, set[str]] = {}
    both = set(shared)
    for word, dimension, subdimension in side.places.itertuples():
        lacks = pd.isna(dimension) or (level == "subdimension" and pd.isna(subdimension))
        name = None if lacks else str(dimension) if level == "dimension" else _path(dimension, subdimension)
        if name is not None:
            found.setdefault(name, set()).update({str(word)} & both)
    return found


def _match(a: Mapping[str, set[str]], b: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """Pairs of pieces with a common word, one to one, of the largest sum of Jaccard similarities."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = sorted(a), sorted(b)
    table = np.array([[_jaccard(a[x], b[y]) for y in columns] for x in rows]).reshape(len(rows), len(columns))
    chosen = zip(*linear_sum_assignment(-table), strict=True)
    return [(rows[i], columns[j]) for i, j in chosen if table[i, j] > 0]


def _jaccard(x: set[str], y: set[str]) -> float:
    return len(x & y) / len(x | y) if x | y else 0.0


def _dimensions(a: Side, b: Side, pairs: Sequence[tuple[str, str]], shared: Sequence[str]) -> pd.DataFrame:
    profiles = [_profiles(side) for side in (a, b)]
    held = [_sets(side, "dimension", shared) for side in (a, b)]
    partner = dict(pairs)
    rows: list[tuple[Any, ...]] = []
    for d in a.dimensions:
        other = partner.get(d)
        x, y = held[0][d], set() if other is None else held[1][other]
        likeness, n = (None, 0) if other is None else _congruence(profiles[0].get(d), profiles[1].get(other))
        rows.append((d, other, len(x), len(y), len(x & y), None if other is None else _jaccard(x, y), likeness, n))
    taken = set(partner.values())
    for d in (d for d in b.dimensions if d not in taken):
        rows.append((None, d, 0, len(held[1][d]), 0, None, None, 0))
    columns = ["a", "b", "n_a", "n_b", "n_common", "jaccard", "congruence", "n_loadings"]
    return pd.DataFrame(rows, columns=columns).astype({"jaccard": float, "congruence": float})


def _profiles(side: Side) -> dict[str, pd.Series]:
    """For each dimension the loadings of all words on the direction of its own words, whatever the rotation."""
    if side.loadings is None or side.loadings.empty:
        return {}
    values = side.loadings.to_numpy(dtype=float)
    phi = np.eye(values.shape[1]) if side.phi is None else side.phi.to_numpy(dtype=float)
    roots, vectors = np.linalg.eigh(phi)
    space = values @ (vectors * np.sqrt(np.clip(roots, 0.0, None)))
    length = np.linalg.norm(space, axis=1)
    out = {}
    for d in side.dimensions:
        rows = np.flatnonzero(side.loadings.index.isin(side.places.index[side.places["dimension"] == d]))
        if len(rows) and length[rows].sum() > 0:
            out[d] = pd.Series(space @ np.average(space[rows], axis=0, weights=length[rows]), index=side.loadings.index)
    return out


def _congruence(x: pd.Series | None, y: pd.Series | None) -> tuple[float | None, int]:
    if x is None or y is None:
        return None, 0
    both = x.index.intersection(y.index, sort=False)
    if len(both) < LEAST_SHARED:
        return None, len(both)
    value = float(congruence_core(x[both].to_numpy()[:, None], y[both].to_numpy()[:, None])[0, 0])
    return (None if math.isnan(value) else value), len(both)


def _words(
    a: Side, b: Side, partner: Mapping[str, str], inner: Mapping[str, str], shared: Sequence[str]
) -> pd.DataFrame:
    """Every word of either side: where it stands, and whether that is the same place, pieces matched."""
    here, there = ({str(w): (_text(d), _text(s)) for w, d, s in side.places.itertuples()} for side in (a, b))
    both = set(shared)
    # Where one side has no subdimensions at all, nothing can have moved between them.
    parted = all(side.places["subdimension"].notna().any() for side in (a, b))
    rows = []
    for word in [*here, *(w for w in there if w not in here)]:
        old, new = here.get(word, (None, None)), there.get(word, (None, None))
        if word not in both:
            status = "only in A" if word in here else "only in B"
        elif (None if old[0] is None else partner.get(old[0], "")) != new[0]:
            status = "moved"
        else:
            piece, other = (_path(*place) if place[1] is not None else None for place in (old, new))
            same = not parted or (None if piece is None else inner.get(piece, "")) == other
            status = "same" if same else "moved within"
        rows.append((word, status, old[0], new[0], old[1], new[1]))
    return pd.DataFrame(rows, columns=["word", "status", "a", "b", "sub_a", "sub_b"])


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _agreement(a: Side, b: Side, shared: Sequence[str]) -> pd.DataFrame:
    """Adjusted Rand index and normalised mutual information over the words that both sides placed."""
    rows = []
    for level in ("dimension", "subdimension"):
        x, y = a.places.loc[list(shared), level], b.places.loc[list(shared), level]
        both = (x.notna() & y.notna()).to_numpy()
        indices = partition_indices(x[both].astype(str).tolist(), y[both].astype(str).tolist())
        rows.append((level, int(both.sum()), *(indices or (math.nan, math.nan))))
    return pd.DataFrame(rows, columns=["level", "n_words", "adjusted_rand_index", "normalised_mutual_information"])


def _factors(a: Side, b: Side) -> pd.DataFrame:
    """Factors of both sides, matched by the largest absolute congruence over the words that both loaded."""
    from scipy.optimize import linear_sum_assignment

    columns = ["a", "b", "congruence", "n_words"]
    if a.loadings is None or b.loadings is None or a.loadings.empty or b.loadings.empty:
        return pd.DataFrame(columns=columns).astype({"congruence": float})
    both = a.loadings.index.intersection(b.loadings.index, sort=False)
    if len(both) < LEAST_SHARED:
        return pd.DataFrame(columns=columns).astype({"congruence": float})
    table = pm.congruence(a.loadings.loc[both].astype(float), b.loadings.loc[both].astype(float))
    values = np.nan_to_num(np.abs(table.to_numpy()))
    chosen = list(zip(*linear_sum_assignment(-values.round(9)), strict=True))
    rows = [(str(table.index[i]), str(table.columns[j]), float(table.iloc[i, j]), len(both)) for i, j in chosen]
    return pd.DataFrame(rows, columns=columns).astype({"congruence": float})


def _about(a: Side, b: Side) -> pd.DataFrame:
    facts = [dict(side.about) for side in (a, b)]
    for side, known in zip((a, b), facts, strict=True):
        known["dimensions"] = len(side.dimensions)
        known["words"] = len(side.places)
        known["words without a dimension"] = int(side.places["dimension"].isna().sum())
        known["interpretable"] = "not known" if side.interpretable is None else "yes" if side.interpretable else "no"
    keys = [*facts[0], *(k for k in facts[1] if k not in facts[0])]
    rows = [(key, *(str(known.get(key, "not known")) for known in facts)) for key in keys]
    return pd.DataFrame(rows, columns=["what", "a", "b"])


def _settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> pd.DataFrame:
    keys = [*a, *(k for k in b if k not in a)]
    # A key that one version does not know and that the other leaves empty is no difference.
    differ = [k for k in keys if a.get(k) != b.get(k)] if a and b else []
    rows = [(k, a.get(k, NOT_THERE), b.get(k, NOT_THERE)) for k in differ]
    return pd.DataFrame(rows, columns=["key", "a", "b"], dtype=object)


def _doubts(side: Side) -> list[str]:
    out = []
    if side.interpretable is False:
        out.append(
            f"{side.name} is not interpretable by its own checks: what it shares with the other may be chance or meaning."
        )
    if not side.dimensions:
        out.append(f"{side.name} has no dimensions: nothing can be matched.")
    return out
