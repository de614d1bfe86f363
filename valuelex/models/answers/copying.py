"""Does an answer copy what it was shown, or itself?"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

RUN = 5
"""Words in a row that count as copied."""

ECHO_SHARE = 0.5
"""An answer is an echo when at least this share of its words stands in copied runs."""

LOOP_ITEMS, LOOP_SHARE = 8, 0.34
"""An answer repeats itself when it has so many items (or thrice as many words) and at most this share of them (of its runs of
three words) is different."""

# Chinese, Japanese, Thai, Lao, Burmese and Khmer write no spaces between words: there a letter stands for a word.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_PLAIN_WORD = re.compile(r"\w+")  # the same in ASCII, and faster
_ITEM = re.compile(r"[^,;\n|、，；،؛]+")


def echoes(answer: str, asked: str) -> bool:
    """Whether an answer mostly repeats the text that it answers: `ECHO_SHARE` of its words in runs of `RUN` or more."""
    words = _words(answer)
    if len(words) < RUN:
        return False
    known = _runs(asked)
    copied: set[int] = set()
    for i in range(len(words) - RUN + 1):
        if words[i : i + RUN] in known:
            copied.update(range(i, i + RUN))
    return len(copied) >= ECHO_SHARE * len(words)


@lru_cache(maxsize=256)  # many answers to one prompt
def _runs(asked: str) -> frozenset[tuple[str, ...]]:
    source = _words(asked)
    return frozenset(source[i : i + RUN] for i in range(len(source) - RUN + 1))


def repeats_examples(answer: str, examples: Collection[str]) -> bool:
    """Whether at least half of the listed items, and at least two, are examples that the frame showed."""
    shown = {" ".join(_words(example)) for example in examples}
    items = [" ".join(_words(item)) for item in _ITEM.findall(answer)]
    copied = sum(item in shown for item in items if item)
    return copied >= 2 and 2 * copied >= len([item for item in items if item])


def loops(answer: str) -> bool:
    """Whether an answer goes round in a circle: few different items in a list, or few different runs of three words."""
    segments = _ITEM.findall(answer)
    if len(segments) >= LOOP_ITEMS:
        items = [
            item for item in (" ".join(_WORD.findall(segment)) for segment in _ITEM.findall(answer.lower())) if item
        ]
        if len(items) >= LOOP_ITEMS and len(set(items)) <= LOOP_SHARE * len(items):
            return True
    words = _words(answer)
    n_runs = len(words) - 2
    # Where enough words differ, so do enough runs of them.
    if n_runs < 3 * LOOP_ITEMS or len(set(words)) > LOOP_SHARE * n_runs + 2:
        return False
    return len({words[i : i + 3] for i in range(n_runs)}) <= LOOP_SHARE * n_runs


@lru_cache(maxsize=4)  # one answer is asked about several times in a row
def _words(text: str) -> tuple[str, ...]:
    return tuple((_PLAIN_WORD if text.isascii() else _WORD).findall(text.lower()))
