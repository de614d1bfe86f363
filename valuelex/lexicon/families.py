"""Derivational families by rule: from an adverb or adjective to the noun that names its quality (truthfully -> truthfulness).

A rule only proposes nouns; it fires where a proposed noun is attested, in the value lexicon or among the answers' own words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

LEAST_STEM = 4
"""Letters that a word and its noun must share: shorter ones are alike by chance (bus, business)."""

_ADVERBS = (
    ("ically", "ic"),
    ("ically", "ical"),
    ("ably", "able"),
    ("ibly", "ible"),
    ("ily", "y"),
    ("ly", ""),
    ("ly", "le"),
)
"""Ending of an adverb -> that of its adjective."""

_SAFE = (
    *(("able", "ability"), ("ible", "ibility"), ("ent", "ence"), ("ent", "ency"), ("ant", "ance"), ("ant", "ancy")),
    *(("istic", "ism"), ("ist", "ism"), ("ical", "icality"), ("ic", "icity"), ("ous", "osity"), ("ive", "ivity")),
    *(("al", "ality"), ("ate", "acy"), ("y", "iness"), ("e", "ity"), ("", "ness"), ("", "ity"), ("", "fulness")),
)
"""Ending of an adjective -> that of its noun, where the noun can hardly be another word."""

_LOOSE = (
    ("", "ty"),
    ("", "y"),
    ("ious", "y"),
    ("ful", ""),
    ("ive", "ion"),
    ("ate", "ation"),
    ("", "ment"),
    ("e", "dom"),
)
"""Further endings, for nouns of the value lexicon only: among any words they would make "party" of "part"."""

_INFLECTIONS = (
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
    ("er", ""),
    ("est", ""),
)

_AMBIGUOUS = "individual human person part public special material normal real actual several hard due"
AMBIGUOUS = frozenset(_AMBIGUOUS.split())
"""Adjectives that are as often something else: "individual" in a list of values is a person, not individuality."""


def nouns(word: str, *, loose: bool) -> Iterator[str]:
    """Yield the nouns that the rules propose for a word, the likeliest first; the word itself is never among them.

    Parameters
    ----------
    word : str
        Lower case, without spaces.
    loose : bool
        Whether rules that need a closed list of nouns are used too.
    """
    if word in AMBIGUOUS or " " in word:
        return
    seen = {word}
    bases = [word, *(word.removesuffix(a) + b for a, b in _ADVERBS if word.endswith(a))]
    for base in bases:
        for ending, noun in (*_SAFE, *_LOOSE) if loose else _SAFE:
            if not base.endswith(ending):
                continue
            stem = base[: len(base) - len(ending)]
            found = stem + noun
            if len(stem) >= LEAST_STEM and found not in seen:
                seen.add(found)
                yield found


def bases(word: str) -> Iterator[str]:
    """Yield what the word may be an inflected form or an adverb of (caring -> care, truthfully -> truthful)."""
    for ending, base in (*_INFLECTIONS, *_ADVERBS):
        if word.endswith(ending) and len(word) - len(ending) >= LEAST_STEM - 1:
            yield word[: len(word) - len(ending)] + base


def merge(words: Collection[str]) -> dict[str, str]:
    """Return which of the words stand for the noun of another one of them: quirky -> quirkiness where both are there.

    The result does not depend on the order of `words`; a word that is itself merged is followed to its end.
    """
    attested = set(words)
    found = {}
    for word in sorted(attested):
        noun = next((n for n in nouns(word, loose=False) if n in attested), None)
        if noun is not None:
            found[word] = noun
    out = {}
    for word in found:
        end, steps = word, 0
        while end in found and steps <= len(found):
            end, steps = found[end], steps + 1
        if end != word:
            out[word] = end
    return out
