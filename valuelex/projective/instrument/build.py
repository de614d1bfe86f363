"""The step ``valuelex instrument``: a taxonomy and stems -> a balanced test in parallel forms, its manual, and every candidate.

Candidates come from a bank (`bank`), a language model (`writer`) and templates (`candidates`); they go through `filters`, are
chosen by `selection`, and split by `forms`. A file that a person edited takes the place of all that (`edited`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError
from valuelex.models import Caller
from valuelex.models.seeds import call_seed
from valuelex.projective.instrument.bank import load_bank
from valuelex.projective.instrument.candidates import from_bank, from_templates, load_templates
from valuelex.projective.instrument.edited import from_edited, load_edited, stamped
from valuelex.projective.instrument.filters import Screened, Screening
from valuelex.projective.instrument.forms import assign_forms, balance
from valuelex.projective.instrument.selection import Cell, by_cell, quotas, select
from valuelex.projective.instrument.writer import write_stems
from valuelex.projective.manual import document, entries_for
from valuelex.projective.scales import Scale, named_scales, own_scales
from valuelex.projective.settings import InstrumentSettings
from valuelex.semantics import Embedder
from valuelex.tables import VALENCES, frame

BATCH = 3
"""Templates that are filled for every stem a cell lacks, before it is seen whether they are enough."""


def build(
    taxonomy: Mapping[str, Any],
    settings: InstrumentSettings,
    *,
    seed: int,
    embedder: Embedder,
    folder: Path,
    caller: Caller | None = None,
) -> dict[str, Any]:
    """Return the test, its scoring manual, every candidate, and how far its forms agree.

    Parameters
    ----------
    taxonomy : mapping
        The study's taxonomy.json; used when `settings.taxonomy` is "own".
    settings : InstrumentSettings
    seed : int
        Of the order of items and of the splits from which the search for forms starts.
    embedder : Embedder
        For the fit of stems to scales, and for duplicates.
    folder : Path
        Where the study file lies.
    caller : Caller, optional
        Needed for `settings.writer`.

    Returns
    -------
    dict
        "instrument", "stem_candidates" (not for an edited file), "form_balance": DataFrames; "manual": dict, what
        instrument.yaml holds.

    Raises
    ------
    DataError
        If the study's taxonomy has no dimensions or no words, or cells lack stems: which ones, and how many.
    BadInput
        If a named taxonomy does not exist; `StudyFileError` if its file, the bank or the edited file has another form.
    """
    if settings.file is not None:
        made = from_edited(load_edited(folder / settings.file), embedder)
        return made | {"form_balance": balance(made["instrument"])}
    source = settings.taxonomy
    scales = own_scales(taxonomy) if source == "own" else named_scales(source, folder)
    rows, chosen = _chosen(scales, settings, seed=seed, embedder=embedder, folder=folder, caller=caller)
    table = _items(chosen, scales, settings.forms, seed)
    manual = document(
        entries_for(scales, source), table.drop(columns="candidate"), taxonomy=source, embedding=embedder.name
    )
    return {
        "instrument": frame("instrument", table.drop(columns="candidate")),
        "stem_candidates": _candidates(rows, scales, dict(zip(table["candidate"], table["item_id"], strict=True))),
        "form_balance": balance(table),
        "manual": stamped(manual),
    }


def check_files(settings: InstrumentSettings, folder: Path) -> None:
    """Read the user's files that the settings name, before anything is asked of a model.

    Raises
    ------
    BadInput
        If a file is missing or has another form.
    """
    if settings.file is not None:
        load_edited(folder / settings.file)
        return
    if settings.bank is not None:
        load_bank(settings.bank, folder)
    if settings.taxonomy != "own":
        named_scales(settings.taxonomy, folder)


def _chosen(
    scales: Sequence[Scale],
    settings: InstrumentSettings,
    *,
    seed: int,
    embedder: Embedder,
    folder: Path,
    caller: Caller | None,
) -> tuple[list[Screened], dict[Cell, list[Screened]]]:
    wanted = quotas(len(scales), settings.stems)
    screening = Screening(scales, embedder)
    # The packaged bank's homes are the published subdimensions; a scale of that name elsewhere is another thing.
    homes = settings.bank is not None or settings.taxonomy == "valuelex"
    screening.add(from_bank(load_bank(settings.bank, folder), scales, homes=homes))
    if settings.writer is not None:
        if caller is None:
            raise DataError("A language model is to write stems, but there is no caller.", "Give build(caller=...).")
        screening.add(write_stems(scales, settings.writer, caller, seed=seed))
    _fill_from_templates(screening, scales, wanted)
    return screening.rows, select(by_cell(screening.rows), wanted, scales)


def _fill_from_templates(screening: Screening, scales: Sequence[Scale], wanted: Mapping[Cell, int]) -> None:
    """Add templates where cells lack stems, some more than needed at a time, until they are full or nothing is left."""
    templates = load_templates()
    sources = {(s, v): from_templates(templates, scales[s], s, VALENCES[v]) for s, v in wanted}
    open_cells = dict(wanted)
    while open_cells:
        found = by_cell(screening.rows)
        open_cells = {cell: n for cell in open_cells if (n := wanted[cell] - len(found.get(cell, ()))) > 0}
        for cell, n in list(open_cells.items()):
            if not screening.add(list(islice(sources[cell], BATCH * n))):
                del open_cells[cell]


def _items(chosen: Mapping[Cell, Sequence[Screened]], scales: Sequence[Scale], n_forms: int, seed: int) -> pd.DataFrame:
    """The items in a random order, with their forms and, in the column `candidate`, their place among the candidates."""
    rows = [
        {
            "item_id": "",
            "stem": row.candidate.text,
            "dimension": scales[s].dimension,
            "subdimension": scales[s].subdimension,
            "valence": VALENCES[v],
            "form": "A",
            "source": row.candidate.source,
            "bank_id": row.candidate.bank_id,
            **_measured(row),
            "candidate": row.order,
        }
        for (s, v), cell in chosen.items()
        for row in cell
    ]
    items = pd.DataFrame(rows)
    if n_forms == 2:
        items["form"] = assign_forms(items, seed=seed)
    order = np.random.default_rng(call_seed(seed, "order of items")).permutation(len(items))
    items = items.iloc[order].reset_index(drop=True)
    width = max(3, len(str(len(items))))
    items["item_id"] = [f"i{number:0{width}d}" for number in range(1, len(items) + 1)]
    return items


def _measured(row: Screened) -> dict[str, Any]:
    return {
        "person": row.candidate.person,
        "n_words": row.n_words,
        "readability": row.readability,
        "fit": row.fit,
        "margin": None if np.isnan(row.margin) else row.margin,
    }


def _candidates(rows: Sequence[Screened], scales: Sequence[Scale], items: Mapping[int, str]) -> pd.DataFrame:
    width = max(4, len(str(len(rows))))
    return frame(
        "stem_candidates",
        [
            {
                "candidate_id": f"c{row.order + 1:0{width}d}",
                "stem": row.candidate.text or None,
                "source": row.candidate.source,
                "bank_id": row.candidate.bank_id,
                "dimension": scales[row.scale].dimension,
                "subdimension": scales[row.scale].subdimension,
                "valence": row.candidate.valence,
                **_measured(row),
                "leak": row.leak,
                "cosine": row.cosine,
                "overlap": row.overlap,
                "verdict": "kept" if row.order in items else "unused" if row.passed else "dropped",
                "reason": row.reason,
                "item_id": items.get(row.order),
            }
            for row in rows
        ],
    )
