"""Is an answer in the language it was asked in? By the identifier py3langid (Lui and Baldwin, 2012), used with caution."""

from __future__ import annotations

import csv
import re
from functools import cache
from typing import Any

from valuelex.resources import instruments

CANDIDATES = (
    "ar",
    "cs",
    "de",
    "el",
    "en",
    "es",
    "fr",
    "he",
    "hi",
    "it",
    "ja",
    "ko",
    "nl",
    "pl",
    "pt",
    "ru",
    "sv",
    "tr",
    "uk",
    "zh",
)
"""Languages that are told apart. A longer list confuses short answers (Danish with Norwegian, Spanish with Galician)."""

SURE = 0.97
"""Least probability of all other languages together at which an answer counts as being in another one: no made-up list of
English value words reaches it (tests)."""

SHORTEST = 12
"""Characters below which nothing is said."""

_WORD = re.compile(r"[a-z]+")

_FUNCTION_WORDS = """
a all also am an and any are as at be because been but by can could do for from had has have here how i if in into is it its
just like list me more most my no not of on one or other our so some such than that the their them then there these they this
those to us very was we what when which who will with would you your
"""
"""English words that hold sentences together; few of them are words of a neighbour language, and never most of a text."""


def other_language(text: str, expected: str) -> str | None:
    """Return the language that an answer is in, if it surely is another one than expected, else None.

    Parameters
    ----------
    text : str
        The answer.
    expected : str
        ISO 639-1 code. A language outside `CANDIDATES` is not checked.
    """
    text = text[:2000]
    if expected not in CANDIDATES or len(text) < SHORTEST or (expected == "en" and _names_english_words(text)):
        return None
    # Neighbours (Russian, Ukrainian) may share the probability: what counts is how little is left for the expected one.
    ranked = dict(_identifier().rank(text))
    likeliest = max(ranked, key=lambda language: ranked[language])
    return str(likeliest) if likeliest != expected and 1.0 - ranked[expected] >= SURE else None


def _names_english_words(text: str) -> bool:
    """Whether half of the words are English value words or function words: most answers are, and need no closer look."""
    words = _WORD.findall(text.lower())
    return bool(words) and text.isascii() and 2 * sum(word in _english() for word in words) >= len(words)


@cache
def _english() -> frozenset[str]:
    with (instruments() / "lexicon" / "values.csv").open(encoding="utf-8", newline="") as file:
        forms = [form for row in csv.DictReader(file) for form in (row["word"], *row["variants"].split("|"))]
    return frozenset(_FUNCTION_WORDS.split()) | {word for form in forms for word in _WORD.findall(form.lower())}


@cache
def _identifier() -> Any:
    from py3langid import langid

    found = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    found.set_languages(list(CANDIDATES))
    return found
