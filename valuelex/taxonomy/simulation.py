"""Simulated populations of respondents whose values are known: what a recovery study draws.

A respondent is a configuration of a model. It has a disposition for each dimension, shared in part with the other
configurations of its model. An answer is a list of words, drawn without replacement with probabilities that rise with
the disposition for the word's dimension, how common the word is, and what the model likes for no reason
(Plackett-Luce choice, by Gumbel noise). Answers are compositional: a word is named in place of another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.tables import frame

FloatArray = NDArray[np.float64]

SYNONYM = 3.0
"""Utility that the less liked of two near-synonyms loses in an answer: who says one seldom says the other too."""

VECTOR_NOISE, VECTOR_LENGTH = 0.25, 32
"""Standard deviation of the made-up word vectors about their group's axis, per coordinate; number of coordinates."""


@dataclass(frozen=True)
class Population:
    """How a population is drawn.

    Attributes
    ----------
    n_dimensions, n_words, n_models, n_settings, n_answers : int
        n_settings configurations of each model; n_answers of each configuration.
    words_per_answer : (int, int)
        Fewest and most, uniform.
    strength : float
        Logits by which one standard deviation of a disposition raises a word with loading 1.
    loadings : (float, float)
        Smallest and largest loading, uniform.
    between : float, range 0 to 1
        Share of a disposition's variance that lies between models.
    idiosyncrasy : float
        Standard deviation of a model's liking for single words, in logits.
    popularity : float
        Standard deviation of how common words are, in logits.
    correlation : float
        Of the dispositions with one another.
    noise : float, range 0 to 1
        Share of words that belong to no dimension.
    synonyms : float, range 0 to 1
        Share of words that have a near-synonym.
    structure : bool
        False: no word belongs to any dimension.
    meaning_follows : bool
        Whether word vectors show the dimensions; False: groups that cut across them.
    """

    n_dimensions: int
    n_words: int
    n_models: int
    n_settings: int
    n_answers: int = 15
    words_per_answer: tuple[int, int] = (3, 10)
    strength: float = 1.0
    loadings: tuple[float, float] = (0.6, 1.0)
    between: float = 0.3
    idiosyncrasy: float = 0.4
    popularity: float = 1.0
    correlation: float = 0.2
    noise: float = 0.1
    synonyms: float = 0.2
    structure: bool = True
    meaning_follows: bool = True


def moderate(rng: np.random.Generator) -> Population:
    """Draw a moderate setting: 30-60 models, 10-20 configurations each, 60-240 words."""
    return Population(
        n_dimensions=int(rng.integers(3, 8)),
        n_words=int(rng.integers(60, 241)),
        n_models=int(rng.integers(30, 61)),
        n_settings=int(rng.integers(10, 21)),
    )


def hard(rng: np.random.Generator) -> Population:
    """Draw a hard setting: fewer respondents, more words, weaker and more correlated dispositions, more liking for no
    reason."""
    return Population(
        n_dimensions=int(rng.integers(3, 8)),
        n_words=int(rng.integers(100, 301)),
        n_models=int(rng.integers(25, 41)),
        n_settings=int(rng.integers(8, 15)),
        strength=0.8,
        between=0.5,
        idiosyncrasy=0.6,
        correlation=0.3,
    )


def null(rng: np.random.Generator) -> Population:
    """Draw a hard setting without any dimension: models like single words, and that is all."""
    return replace(hard(rng), structure=False)


@dataclass(frozen=True, eq=False)
class Simulated:
    """A population's answers and the truth about its words.

    Attributes
    ----------
    words : DataFrame
        The table of that name.
    truth : Series
        Word -> dimension, -1 for words of none.
    vectors : DataFrame, words x coordinates
        Made-up vectors of length one.
    population : Population
    seed : int
    """

    words: pd.DataFrame
    truth: pd.Series
    vectors: pd.DataFrame
    population: Population
    seed: int


class SimulatedEmbedder:
    """The made-up vectors of a simulated population; no model is behind it."""

    name = "simulated"

    def __init__(self, simulated: Simulated) -> None:
        self._vectors = simulated.vectors

    def encode(self, texts: Any) -> FloatArray:
        """Return the vectors of words (a gloss behind a colon is ignored)."""
        return np.asarray(self._vectors.loc[[text.split(":")[0] for text in texts]], dtype=np.float64)


def simulate(population: Population, seed: int) -> Simulated:
    """Draw a population and its answers."""
    rng = np.random.default_rng(seed)
    p, k = population.n_words, population.n_dimensions
    n_noise = round(population.noise * p)
    dimension = np.concatenate([np.arange(p - n_noise) % k, np.full(n_noise, -1)])
    named = [f"word{j:03d}" for j in range(p)]
    vectors = _vectors(population, dimension, rng)
    if not population.structure:
        dimension = np.full(p, -1)
    utility, model = _utilities(population, dimension, rng)
    respondent, answer, place, word = _answers(population, utility, _pairs(population, dimension, rng), rng)
    table = frame(
        "words",
        pd.DataFrame(
            {
                "response_id": [f"r{i}-{a}" for i, a in zip(respondent, answer, strict=True)],
                "respondent_id": [f"c{i:05d}" for i in respondent],
                "model_id": [f"m{model[i]:03d}" for i in respondent],
                "position": place,
                "raw": [named[j] for j in word],
                "word": [named[j] for j in word],
                "token": [named[j] for j in word],
                "lemma": [named[j] for j in word],
                "rule": None,
                "kept": True,
                "reason": "simulated",
            }
        ),
    )
    return Simulated(table, pd.Series(dimension, index=named), pd.DataFrame(vectors, index=named), population, seed)


def _vectors(population: Population, dimension: NDArray[np.intp], rng: np.random.Generator) -> FloatArray:
    p, k = population.n_words, population.n_dimensions
    group = dimension if population.meaning_follows else rng.integers(0, k, p)
    centres = np.vstack([np.eye(VECTOR_LENGTH)[:k], np.zeros(VECTOR_LENGTH)])
    out = centres[group] + rng.normal(0.0, VECTOR_NOISE, (p, VECTOR_LENGTH))
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True))


def _utilities(
    population: Population, dimension: NDArray[np.intp], rng: np.random.Generator
) -> tuple[FloatArray, NDArray[np.intp]]:
    p, k, m = population.n_words, population.n_dimensions, population.n_models
    model = np.repeat(np.arange(m), population.n_settings)
    shared = np.full((k, k), population.correlation) + (1 - population.correlation) * np.eye(k)
    root = np.linalg.cholesky(shared).T
    between, within = rng.normal(size=(m, k)) @ root, rng.normal(size=(len(model), k)) @ root
    disposition = np.sqrt(population.between) * between[model] + np.sqrt(1 - population.between) * within
    loading = rng.uniform(*population.loadings, p) * (dimension >= 0)
    liking = rng.normal(0.0, population.idiosyncrasy, (m, p))
    utility = rng.normal(0.0, population.popularity, p) + liking[model]
    utility += population.strength * loading * disposition[:, np.maximum(dimension, 0)]
    return utility, model


def _pairs(population: Population, dimension: NDArray[np.intp], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Pairs of near-synonyms, each within a dimension (or among the words of none)."""
    pairs = []
    for d in sorted(set(dimension.tolist())):
        rows = rng.permutation(np.flatnonzero(dimension == d))
        n = int(len(rows) * population.synonyms / 2)
        pairs += list(zip(rows[:n].tolist(), rows[n : 2 * n].tolist(), strict=True))
    return pairs


def _answers(
    population: Population, utility: FloatArray, pairs: list[tuple[int, int]], rng: np.random.Generator
) -> tuple[list[int], list[int], list[int], list[int]]:
    low, high = population.words_per_answer
    everyone = np.arange(len(utility))
    first, second = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    out: tuple[list[int], list[int], list[int], list[int]] = ([], [], [], [])
    for answer in range(population.n_answers):
        length = rng.integers(low, high + 1, len(utility))
        liked = utility + rng.gumbel(size=utility.shape)
        if pairs:
            less = np.where(liked[:, first] < liked[:, second], first, second)
            liked[everyone[:, None], less] -= SYNONYM
        order = np.argsort(-liked, axis=1)[:, :high]
        rows, places = np.nonzero(np.arange(high) < length[:, None])
        columns = (rows, np.full(len(rows), answer), places, order[rows, places])
        for mine, more in zip(out, columns, strict=True):
            mine.extend(more.tolist())
    return out
