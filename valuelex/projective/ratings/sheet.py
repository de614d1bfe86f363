"""The rating sheet: which completions people see, under which codes, in which order; nothing tells who wrote them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import BadInput
from valuelex.models import Model
from valuelex.models.answers import inert
from valuelex.models.seeds import call_seed
from valuelex.projective.judging.plan import names_of, usable_texts
from valuelex.projective.manual import check_manual
from valuelex.projective.text import bare, without_names

FORMAT = 1
CODE, STEM, COMPLETION, RATER, COMMENT = "completion_code", "stem", "completion", "rater", "comment"
FIXED = (RATER, CODE, STEM, COMPLETION)
NOT_APPLICABLE = "NA"
MOST_RATERS = 50

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels: a code is no word, and no spreadsheet takes it for a number or a date
_LENGTH = 6


@dataclass(frozen=True)
class RatingSheets:
    """What goes out and what stays.

    Attributes
    ----------
    sheets : dict
        Rater -> DataFrame: rater, completion_code, stem, completion, one empty column per scale, comment.
    key : dict
        What stays: format, study, seed, raters, columns (heading -> scale), codes (code -> completion_id, shown, text).
    """

    sheets: dict[str, pd.DataFrame]
    key: dict[str, Any]


def rating_sheets(
    completions: pd.DataFrame,
    instrument: pd.DataFrame,
    manual: Mapping[str, Any],
    *,
    raters: int = 2,
    n: int | None = None,
    form: str | None = None,
    seed: int = 0,
    population: Sequence[Model] = (),
    study: str = "",
) -> RatingSheets:
    """Return a sheet per rater with the same completions in an order of its own, and the key.

    Stems are drawn by chance and taken whole, all models and samples, until there are `n` completions: models are then
    compared on the same stems. The stem that reaches `n` may be taken in part.

    Parameters
    ----------
    completions, instrument : DataFrame
        The tables of those names; only completions that can be judged are shown.
    manual : mapping
        The scoring manual.
    raters : int
        1-50; they are called R1, R2, ...
    n : int, optional
        Completions; default all.
    form : str, optional
        Of this form alone.
    seed : int
        Of choice, codes and orders.
    population : sequence of Model
        Their names are replaced in the texts by "[model]".
    study : str
        The study's name.

    Raises
    ------
    BadInput
        If a number is out of range, the form does not exist, or nothing can be rated.
    """
    if not 1 <= raters <= MOST_RATERS:
        raise BadInput(f"--raters is {raters}.", f"Give 1 to {MOST_RATERS}; two tell how far people agree.")
    if n is not None and n < 1:
        raise BadInput(f"--completions is {n}.", "Give 1 or more, or leave it out for all.")
    forms = sorted(instrument["form"].dropna().astype(str).unique())
    if form is not None and form not in forms:
        raise BadInput(f"--form is {form!r}; the instrument has the forms {', '.join(forms)}.", "Give one of these.")
    items = instrument if form is None else instrument[instrument["form"] == form]
    texts = usable_texts(completions, instrument)
    mine = completions[
        completions["item_id"].isin(items["item_id"]) & completions["completion_id"].astype(str).isin(list(texts))
    ]
    if mine.empty:
        raise BadInput("No completion can be rated: none is usable.", "See the table 'completions', column status.")
    chosen = _choose(mine, n, seed)
    columns = _headings([str(entry["subdimension"]) for entry in check_manual(manual)])
    names = names_of(population)
    rows: list[dict[str, str]] = []
    codes: dict[str, dict[str, str]] = {}
    for completion_id, model_id in zip(chosen["completion_id"], chosen["model_id"], strict=True):
        stem, completion = texts[str(completion_id)]
        shown = inert(without_names(completion, names.get(str(model_id), [str(model_id)])))
        asked = bare(inert(stem)) + " ..."
        code = _code(seed, str(completion_id), codes)
        codes[code] = {
            "completion_id": str(completion_id),
            "shown": fingerprint(asked, shown),
            "text": fingerprint(stem, completion),
        }
        rows.append({CODE: code, STEM: asked, COMPLETION: shown})
    sheets = {}
    for number in range(1, raters + 1):
        rater = f"R{number}"
        order = np.random.default_rng(call_seed(seed, "ratings", rater)).permutation(len(rows))
        table = pd.DataFrame([{RATER: rater, **rows[i]} for i in order])
        sheets[rater] = table.assign(**dict.fromkeys(columns, ""), **{COMMENT: ""}).astype("string")
    key = {
        "format": FORMAT,
        "study": study,
        "seed": seed,
        "form": form,
        "raters": list(sheets),
        "columns": columns,
        "codes": dict(sorted(codes.items())),
    }
    return RatingSheets(sheets, key)


def _choose(completions: pd.DataFrame, n: int | None, seed: int) -> pd.DataFrame:
    items = sorted(completions["item_id"].astype(str).unique())
    order = np.random.default_rng(call_seed(seed, "ratings", "stems")).permutation(len(items))
    place = {items[i]: k for k, i in enumerate(order)}
    table = completions.assign(_place=completions["item_id"].astype(str).map(place))
    table = table.sort_values(["_place", "sample_index", "model_id", "completion_id"], kind="stable")
    return table.drop(columns="_place").head(len(table) if n is None else n)


def _headings(scales: Sequence[str]) -> dict[str, str]:
    """Heading -> scale; a scale of the name of another column, or that a spreadsheet could compute, gets a word before it."""
    taken = {*FIXED, COMMENT}
    plain = all(scale.casefold() not in taken and scale[:1].isalnum() for scale in scales)
    return {scale if plain else f"scale: {scale}": scale for scale in scales}


def _code(seed: int, completion_id: str, taken: Mapping[str, Any]) -> str:
    for turn in range(1000):
        number = call_seed(seed, "ratings", completion_id, turn)
        code = ""
        for _ in range(_LENGTH):
            number, digit = divmod(number, len(_LETTERS))
            code += _LETTERS[digit]
        if code not in taken:
            return code
    raise BadInput("There are more completions than codes.", "Rate fewer: --completions N.")


def fingerprint(stem: str, completion: str) -> str:
    """Return a digest of the letters and digits of a sentence: what a spreadsheet does to quotes and line ends is no change."""
    plain = "".join(c for c in f"{stem} {completion}".casefold() if c.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
