"""What a stem's wording is like: its words, how hard it is to read, which forms of a word it holds, how like another it is.

Readability is LIX (Björnsson, 1968): words a sentence plus the percentage of words of more than six letters. It needs neither a
syllable dictionary nor a hundred words of text, which the Flesch family (and the package textstat) does; a stem is one
clause. The forms of a word come from the families of the value lexicon, and from endings where it does not list the word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import numpy as np

from valuelex.resources import find
from valuelex.tables import read_frame

LONG = 6
"""A word of more letters is long (Björnsson)."""

LEAST_ROOT = 4
"""Letters that a word and another form of it share at the least: shorter ones are alike by chance."""

WEAK = frozenset({"just", "kind", "order", "even", "well", "fast", "right", "like"})
"""Words that are a form of a value's name and far more often another word: "has just asked", "the kind of work"."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FIRST = frozenset({"i", "me", "my", "mine", "myself"})
_NOUNS = (
    *(("iness", "y"), ("fulness", "ful"), ("ness", ""), ("ability", "able"), ("ibility", "ible"), ("ivity", "ive")),
    *(("ity", ""), ("ity", "e"), ("ence", "ent"), ("ency", "ent"), ("ance", "ant"), ("acy", "ate"), ("ism", "ist")),
    *(("ism", ""), ("ation", "e"), ("ion", ""), ("ion", "e"), ("ment", ""), ("ty", ""), ("ship", "")),
)
"""Ending of a noun -> that of the adjective or verb it is made of."""


def tokens(text: str) -> list[str]:
    """Return a text's words in lower case; the parts of a hyphenated word are words."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


def lix(text: str) -> float:
    """Return how hard a stem is to read: words + 100 x long words / words; 0 for a text without words."""
    words = tokens(text)
    return len(words) + 100 * sum(len(w) > LONG for w in words) / len(words) if words else 0.0


def is_first_person(text: str) -> bool:
    """Whether the one who completes a stem speaks in it: I, me, my, mine, myself."""
    return bool(_FIRST & {word.partition("'")[0] for word in tokens(text)})


@cache
def _families() -> dict[str, tuple[str, ...]]:
    table = read_frame(find("lexicon", "values.csv"))
    variants = table["variants"].fillna("").astype(str)
    return {str(w): tuple(v for v in text.split("|") if v) for w, text in zip(table["word"], variants, strict=True)}


def _inflected(word: str) -> Iterator[str]:
    yield word
    bases = [word, *(word.removesuffix(n) + a for n, a in _NOUNS if word.endswith(n))]
    for base in bases:
        if len(base) < LEAST_ROOT:
            continue
        yield from (base, base + "s", base + "es", base + "ed", base + "ing", base + "ly")
        if base.endswith("e"):
            yield from (base + "d", base[:-1] + "ing", base[:-1] + "y")
        if base.endswith("y"):
            yield from (base[:-1] + "ies", base[:-1] + "ied", base[:-1] + "ily")


@cache
def forms(word: str) -> frozenset[tuple[str, ...]]:
    """Return the forms of a word or phrase, each as its tokens: itself, its family in the value lexicon, its inflections."""
    plain = " ".join(tokens(word))
    family = _families().get(word.lower(), _families().get(plain, ()))
    found = {tuple(tokens(form)) for form in (word, *family)}
    found |= {(form,) for whole in list(found) if len(whole) == 1 for form in _inflected(whole[0])}
    weak = {(form,) for form in WEAK if form != plain}
    return frozenset(form for form in found if form) - weak


def held_form(text: str, words: Sequence[str]) -> str | None:
    """Return the first of `words` of which a text holds a form; None where it holds none."""
    said = tokens(text)
    runs = {tuple(said[i : i + n]) for n in (1, 2, 3, 4) for i in range(len(said) - n + 1)}
    return next((word for word in words if not runs.isdisjoint(forms(word))), None)


def likeness(text: str, others: Sequence[str]) -> np.ndarray:
    """Return how alike texts are in wording: 1 - Levenshtein distance over words / words of the longer one.

    Returns
    -------
    array, shape (len(others),)
        0 (no word in common) to 1 (the same words in the same order).
    """
    mine, theirs = _words(text), [_words(other) for other in others]
    lengths = np.array([len(words) for words in theirs])
    if not len(theirs) or not mine or not lengths.any():
        return np.zeros(len(theirs))
    vocabulary = {word: i for i, word in enumerate(mine)}
    steps = np.arange(lengths.max() + 1)
    coded = np.full((len(theirs), lengths.max()), -1)
    coded[steps[:-1] < lengths[:, np.newaxis]] = [vocabulary.get(word, -1) for words in theirs for word in words]
    # Dynamic programming over all other texts at once; a row of it is a word of `text`.
    before = np.tile(steps, (len(theirs), 1))
    for i, word in enumerate(mine, start=1):
        now = np.full_like(before, i)
        now[:, 1:] = np.minimum(before[:, 1:] + 1, before[:, :-1] + (coded != vocabulary[word]))
        # A further word of the other text costs 1 beside the cheapest way to any place before it.
        before = np.minimum.accumulate(now - steps, axis=1) + steps
    distance = before[np.arange(len(theirs)), lengths]
    return 1 - distance / np.maximum(lengths, len(mine))


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    """The tokens of a text; a stem that passed is looked at once for each that comes after it."""
    return tuple(tokens(text))
