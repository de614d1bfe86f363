"""The step ``valuelex instrument``: a taxonomy and a bank of stems -> a balanced test in parallel forms, and its manual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from valuelex.errors import DataError
from valuelex.models.seeds import call_seed
from valuelex.projective.manual import document, entries_for, fill
from valuelex.projective.scales import Scale, named_scales, own_scales
from valuelex.projective.settings import InstrumentSettings
from valuelex.projective.text import bare
from valuelex.resources import find
from valuelex.semantics import Embedder
from valuelex.tables import VALENCES, frame, load_yaml

Cell = tuple[int, int]
"""A scale's and a valence's number."""


@dataclass(frozen=True)
class _Stem:
    text: str
    source: str
    bank_id: str | None = None


def build(
    taxonomy: Mapping[str, Any], settings: InstrumentSettings, *, seed: int, embedder: Embedder, folder: Path
) -> dict[str, Any]:
    """Return the table `instrument` and its scoring manual.

    Each stem of the bank belongs to the scale whose words are nearest to the stem's themes (mean over themes of the largest
    cosine with a word of the scale); for the taxonomy "valuelex" the bank names the scale itself. The number of stems is spread
    evenly over scales x valences (`quotas`), best-fitting stems first; a cell that the bank cannot fill is filled from stem
    templates with the scale's words, and, where these are used up too, with the best-fitting stems left over. Items alternate
    between forms within a cell and stand in a random order.

    Parameters
    ----------
    taxonomy : mapping
        The study's taxonomy.json; used when `settings.taxonomy` is "own".
    settings : InstrumentSettings
        Number of stems and forms, and the taxonomy.
    seed : int
        Of the order of items; nothing else is random.
    embedder : Embedder
        For the fit of stems to scales.
    folder : Path
        Where the study file lies.

    Returns
    -------
    dict
        "instrument": DataFrame; "manual": dict, what instrument.yaml holds.

    Raises
    ------
    DataError
        If the study's taxonomy has no dimensions, or there are fewer different stems than asked for.
    BadInput
        If a named taxonomy does not exist; `StudyFileError` if its file has another form.
    """
    source = settings.taxonomy
    scales = own_scales(taxonomy) if source == "own" else named_scales(source, folder)
    bank = load_yaml(find("stems", "bank.yaml"))["stems"]
    fits = fit(bank, scales, embedder)
    homes = _named_homes(bank, scales) if source == "valuelex" else list(fits.argmax(axis=1))
    chosen = _choose(bank, scales, settings.stems, fits=fits, homes=homes)
    forms = _forms(chosen, settings.forms)
    items = [(cell, stem, form) for cell in chosen for stem, form in zip(chosen[cell], forms[cell], strict=True)]
    order = np.random.default_rng(call_seed(seed, "order of items")).permutation(len(items))
    width = max(3, len(str(len(items))))
    rows = []
    for number, index in enumerate(order, start=1):
        (s, v), stem, form = items[index]
        rows.append(
            {
                "item_id": f"i{number:0{width}d}",
                "stem": stem.text,
                "dimension": scales[s].dimension,
                "subdimension": scales[s].subdimension,
                "valence": VALENCES[v],
                "form": form,
                "source": stem.source,
                "bank_id": stem.bank_id,
            }
        )
    table = frame("instrument", rows)
    manual = document(entries_for(scales, source), table, taxonomy=source, embedding=embedder.name)
    return {"instrument": table, "manual": manual}


def fit(bank: Sequence[Mapping[str, Any]], scales: Sequence[Scale], embedder: Embedder) -> np.ndarray:
    """Return how well each stem fits each scale: mean over its themes of the largest cosine with a word of the scale.

    Returns
    -------
    array, shape (stems, scales)
        In -1 .. 1.
    """
    themes = [str(theme) for stem in bank for theme in stem["themes"]]
    theme_vectors = embedder.encode(themes)
    owner = np.repeat(np.arange(len(bank)), [len(stem["themes"]) for stem in bank])
    out = np.empty((len(bank), len(scales)))
    for s, scale in enumerate(scales):
        nearest = (theme_vectors @ embedder.encode(list(scale.words)).T).max(axis=1)
        out[:, s] = np.bincount(owner, nearest) / np.bincount(owner)
    # Two words may be equally near: without rounding the last bit of a matrix product would decide.
    return out.round(9)


def _named_homes(bank: Sequence[Mapping[str, Any]], scales: Sequence[Scale]) -> list[int]:
    number = {scale.name.casefold(): s for s, scale in enumerate(scales)}
    return [number[str(stem["home"]).casefold()] for stem in bank]


def quotas(n_scales: int, n_stems: int) -> dict[Cell, int]:
    """Spread stems over scales x valences as evenly as whole numbers allow.

    Every cell gets the whole part; what is left goes, one each, to the cell whose scale has had the fewest so far, then whose
    valence has had the fewest, then the first.
    """
    cells = list(product(range(n_scales), range(len(VALENCES))))
    whole, left = divmod(n_stems, len(cells))
    out = dict.fromkeys(cells, whole)
    by_scale: Counter[int] = Counter()
    by_valence: Counter[int] = Counter()
    open_cells = set(cells)
    for _ in range(left):
        cell = min(open_cells, key=lambda c: (by_scale[c[0]], by_valence[c[1]], c))
        open_cells.remove(cell)
        out[cell] += 1
        by_scale[cell[0]] += 1
        by_valence[cell[1]] += 1
    return out


def _choose(
    bank: Sequence[Mapping[str, Any]], scales: Sequence[Scale], n: int, *, fits: np.ndarray, homes: Sequence[int]
) -> dict[Cell, list[_Stem]]:
    wanted = quotas(len(scales), n)
    chosen: dict[Cell, list[_Stem]] = {cell: [] for cell in wanted}
    used: set[str] = set()

    def take(cell: Cell, candidates: Iterator[_Stem]) -> None:
        for stem in candidates:
            if len(chosen[cell]) >= wanted[cell]:
                return
            key = bare(stem.text).casefold()
            if key not in used:
                used.add(key)
                chosen[cell].append(stem)

    def from_bank(cell: Cell, *, anywhere: bool) -> Iterator[_Stem]:
        s, v = cell
        rows = [i for i, stem in enumerate(bank) if stem["valence"] == VALENCES[v] and (anywhere or homes[i] == s)]
        for i in sorted(rows, key=lambda i: (-fits[i, s], i)):
            yield _Stem(str(bank[i]["text"]), "bank", str(bank[i]["id"]))

    templates = load_yaml(find("manuals", "generic.yaml"))["stem_templates"]
    # Each source is offered to every cell before the next one: a cell never takes a stem that another has the better claim to.
    for cell in chosen:
        take(cell, from_bank(cell, anywhere=False))
    for cell in chosen:
        take(cell, _from_templates(templates[VALENCES[cell[1]]], scales[cell[0]], first=cell[0]))
    for cell in chosen:
        take(cell, from_bank(cell, anywhere=True))
    short = n - sum(len(stems) for stems in chosen.values())
    if short:
        raise DataError(
            f"Only {n - short} of {n} stems can be spread over {len(scales)} scales and four valences without repeating one.",
            f"Set 'instrument: {{stems: {len(chosen) * min(map(len, chosen.values()))}}}', or use a taxonomy with more words.",
        )
    return chosen


def _from_templates(templates: Sequence[str], scale: Scale, *, first: int) -> Iterator[_Stem]:
    """Every template with every word, both in rotation from the template `first`, so that scales do not all use the same ones.

    A template of two words needs a scale of two.
    """
    usable = [text for text in templates if "{other}" not in text or len(scale.words) > 1]
    for turn in range(len(scale.words)):
        for number in range(len(usable)):
            text = fill(usable[(first + number) % len(usable)], scale, turn + number)
            yield _Stem(text[0].upper() + text[1:], "template")


def _forms(chosen: Mapping[Cell, Sequence[_Stem]], n_forms: int) -> dict[Cell, list[str]]:
    """Alternate forms within each cell, which also spreads the fit; an odd one goes where scale, then valence, has fewer."""
    if n_forms == 1:
        return {cell: ["A"] * len(stems) for cell, stems in chosen.items()}
    held: Counter[tuple[str, int | None, int | None]] = Counter()
    out: dict[Cell, list[str]] = {}
    for (s, v), stems in chosen.items():
        first = min("AB", key=lambda form: (held[form, s, None], held[form, None, v], held[form, None, None], form))
        second = "B" if first == "A" else "A"
        out[s, v] = [first if turn % 2 == 0 else second for turn in range(len(stems))]
        for form in out[s, v]:
            held[form, s, None] += 1
            held[form, None, v] += 1
            held[form, None, None] += 1
    return out
