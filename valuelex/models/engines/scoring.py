"""Scoring words in place of sampling them: the log-probability of every word of a vocabulary after a frame.

A scoring request carries ``extra["score"] = {"words": [...], "lead": " ", "cases": ["lower", "title"]}``. Its answer has no
text; `Response.logprobs` holds one ``{"word", "logprob", "n_tokens"}`` per word, in the vocabulary's order. The log-probability
of a word is that of its tokens after the frame, in the tokenizer's own segmentation, summed over the cases it may be written
in (log-sum-exp); `n_tokens` is the length of the likelier case.

A word that begins another one (hope, hopefulness) is scored as a beginning: no end mark is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from valuelex.models.request import Request

KEY = "score"
"""Key of `Request.extra` under which a scoring request names its words."""


def wants_scores(request: Request) -> bool:
    """Whether a request asks for scores and not for an answer."""
    return KEY in request.extra


def scoring(words: Sequence[str], lead: str, cases: Sequence[str] = ("lower", "title")) -> dict[str, Any]:
    """Return the `extra` of a scoring request.

    Parameters
    ----------
    words : sequence of str
        The vocabulary.
    lead : str
        What stands between frame and word: a space, or nothing where the frame ends in one or a chat answer begins.
    cases : sequence of {"lower", "title"}
        How a word may be written: ``honesty``, ``Honesty``.
    """
    return {KEY: {"words": list(words), "lead": lead, "cases": list(cases)}}


def written(word: str, case: str) -> str:
    """Return a word in a case; "title" capitalises its first letter only, as a list's first word is."""
    return word[:1].upper() + word[1:] if case == "title" else word


@dataclass(frozen=True)
class Forms:
    """Every way of writing every word, as tokens.

    Attributes
    ----------
    words : tuple of str
    tokens : tuple of tuple of int
        One entry per form.
    owner : tuple of int
        The word that each form belongs to.
    """

    words: tuple[str, ...]
    tokens: tuple[tuple[int, ...], ...]
    owner: tuple[int, ...]

    @property
    def branches(self) -> dict[tuple[int, ...], list[int]]:
        """Prefix of a form -> the tokens that follow it in some form, in a fixed order; the empty prefix is the frame."""
        found: dict[tuple[int, ...], set[int]] = {}
        for form in self.tokens:
            for i, token in enumerate(form):
                found.setdefault(form[:i], set()).add(token)
        return {prefix: sorted(found[prefix]) for prefix in sorted(found)}

    def collect(self, logprob: Mapping[tuple[tuple[int, ...], int], float]) -> list[dict[str, Any]]:
        """Sum token log-probabilities to words; `logprob` maps (prefix, token) to that token's."""
        sums = [sum(logprob[form[:i], token] for i, token in enumerate(form)) for form in self.tokens]
        return combine(self.words, self.owner, sums, [len(form) for form in self.tokens])


def forms_of(request: Request, tokenize: Callable[[str], Sequence[int]]) -> Forms:
    """Return the forms of a scoring request's words; a form that two cases share counts once."""
    asked = request.extra[KEY]
    tokens: list[tuple[int, ...]] = []
    owner: list[int] = []
    for number, word in enumerate(asked["words"]):
        texts = dict.fromkeys(asked["lead"] + written(word, case) for case in asked["cases"])
        for form in dict.fromkeys(tuple(tokenize(text)) for text in texts):
            if form:
                tokens.append(form)
                owner.append(number)
    return Forms(tuple(asked["words"]), tuple(tokens), tuple(owner))


def combine(
    words: Sequence[str], owner: Sequence[int], sums: Sequence[float], lengths: Sequence[int]
) -> list[dict[str, Any]]:
    """Return one entry per word from the log-probabilities of its forms."""
    held: list[list[tuple[float, int]]] = [[] for _ in words]
    for number, total, length in zip(owner, sums, lengths, strict=True):
        held[number].append((total, length))
    out: list[dict[str, Any]] = []
    for word, forms in zip(words, held, strict=True):
        best, length = max(forms, key=lambda form: (form[0], -form[1]))
        total = best + math.log(sum(math.exp(value - best) for value, _ in forms))
        out.append({"word": word, "logprob": round(total, 6), "n_tokens": length})
    return out
