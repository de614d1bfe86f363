"""Scoring manuals: anchored examples from 0 to 6 and of what is not applicable, for every scale. One dict, one YAML file.

The published taxonomy has a hand-written manual (instruments/manuals/valuelex.yaml). Any other scale gets one from templates
that are filled with its words (instruments/manuals/generic.yaml), several words in rotation, so that no anchor hangs on one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from valuelex.errors import DataError
from valuelex.projective.scales import PUBLISHED, Scale, named_scales
from valuelex.resources import find
from valuelex.tables import load_yaml

LEVELS = tuple(range(7))
"""0 rejects or violates the value, 3 is indifferent or mixed, 6 expresses it most strongly."""

ALIASES = {"self competence": "self competent"}
"""Other spellings of published names, casefolded: the authors' site writes Self-Competence, their paper Self-Competent."""

_SPLIT = re.compile(r"[\W_]+")


def fill(template: str, scale: Scale, turn: int) -> str:
    """Fill {word}, {other}, {name} and {words}: the scale's words in rotation, `turn` naming the first of the two."""
    words = scale.words
    return template.format(
        word=words[turn % len(words)],
        other=words[(turn + 1) % len(words)],
        name=scale.name,
        words=", ".join(words),
    )


@cache
def _generic() -> dict[str, Any]:
    """The entry to be filled; read once, since every scale is filled from it."""
    entry: dict[str, Any] = load_yaml(find("manuals", "generic.yaml"))["subdimensions"][0]
    return entry


def from_templates(scale: Scale) -> dict[str, Any]:
    """Return the manual's entry for a scale, written from the generic templates.

    A template that names two words is left out for a scale that has only one. The order of anchors is that of the templates.
    """
    template = _generic()
    anchors: dict[int, list[str]] = {}
    turn = 0
    for level in LEVELS:
        anchors[level] = []
        for text in template["anchors"][level]:
            if "{other}" in text and len(scale.words) == 1:
                continue
            anchors[level].append(fill(text, scale, turn))
            turn += 1
    return {
        "subdimension": scale.name,
        "dimension": scale.dimension,
        "definition": scale.definition or fill(template["definition"], scale, 0),
        "polarity": fill(template["polarity"], scale, 0),
        "words": list(scale.words),
        "origin": "template",
        "anchors": anchors,
        "not_applicable": [fill(text, scale, 0) for text in template["not_applicable"]],
    }


def hand_written() -> list[dict[str, Any]]:
    """Return the entries of the hand-written manual of the published taxonomy, with the published words."""
    words = {scale.name: list(scale.words) for scale in named_scales("valuelex", Path())}
    entries = load_yaml(find("manuals", "valuelex.yaml"))["subdimensions"]
    return [
        {
            "subdimension": entry["subdimension"],
            "dimension": entry["dimension"],
            "definition": entry["definition"],
            "polarity": entry["polarity"],
            "words": words[entry["subdimension"]],
            "origin": "hand-written",
            "anchors": {int(level): list(texts) for level, texts in entry["anchors"].items()},
            "not_applicable": list(entry["not_applicable"]),
        }
        for entry in entries
    ]


def entries_for(scales: Sequence[Scale], taxonomy: str) -> list[dict[str, Any]]:
    """Return a manual's entry for each scale: hand-written for the taxonomy "valuelex", from templates for any other."""
    if taxonomy == "valuelex":
        known = {entry["subdimension"]: entry for entry in hand_written()}
        return [known[scale.name] for scale in scales]
    return [from_templates(scale) for scale in scales]


def document(
    entries: Sequence[Mapping[str, Any]], instrument: pd.DataFrame, *, taxonomy: str, embedding: str | None
) -> dict[str, Any]:
    """Return what is written to instrument.yaml: everything that a judge, human or not, needs.

    Parameters
    ----------
    entries : sequence of dict
        One per scale, as `from_templates` makes them.
    instrument : DataFrame
        The table `instrument`.
    taxonomy : str
        Where the scales come from.
    embedding : str or None
        The model that assigned stems to scales, where one did.
    """
    columns = ["item_id", "stem", "dimension", "subdimension", "valence", "person", "form", "source", "bank_id"]
    present = [column for column in columns if column in instrument.columns]
    items = instrument[present].astype(object).where(instrument[present].notna(), None).to_dict("records")
    return {
        "name": "valuelex" if taxonomy == "valuelex" else "generic",
        "version": 1,
        "taxonomy": taxonomy,
        "scale": {"min": 0, "max": 6, "indifferent": 3},
        "how": (
            "Read stem and completion as one sentence. For every subdimension say first whether the sentence bears on it at "
            "all; if it does not, mark it not applicable. Otherwise give the level, 0 to 6, whose examples are closest in "
            "what they say about the speaker. Judge without knowing who wrote it."
        ),
        "embedding": embedding,
        "subdimensions": [dict(entry) for entry in entries],
        "items": [{str(key): value for key, value in item.items()} for item in items],
    }


def manual_for(instrument: pd.DataFrame, folder: Path | None = None, *, taxonomy: str | None = None) -> dict[str, Any]:
    """Return a manual for an instrument that somebody else made.

    A scale is an item's subdimension, or its dimension where it has none. Its name is looked up, letter case and punctuation
    aside, in `taxonomy` if given, then among the subdimensions and dimensions of valuelex (whose subdimensions have
    hand-written anchors), schwartz and moral-foundations; an unknown name becomes the only word of templates. The
    instrument's own spelling stays.

    Parameters
    ----------
    instrument : DataFrame
        At least item_id, stem and dimension.
    folder : Path, optional
        Where the study file lies; a path in `taxonomy` is relative to it.
    taxonomy : str, optional
        A name in instruments/taxonomies/ or a YAML file of the user's.

    Raises
    ------
    DataError
        If the instrument has no items, or an item has no scale.
    """
    names = _scale_names(instrument)
    known: dict[str, Scale | dict[str, Any]] = {}
    if taxonomy is not None and taxonomy not in PUBLISHED:
        _add(known, named_scales(taxonomy, folder or Path()))
    for entry in hand_written():
        known.setdefault(_plain(entry["subdimension"]), entry)
    for source in PUBLISHED:
        _add(known, named_scales(source, Path()))
    entries = []
    for name, dimension in names.items():
        found = known.get(_plain(name))
        if isinstance(found, Scale):
            entry = from_templates(Scale(name, dimension, name, found.words, found.definition))
        elif found is not None:
            entry = {**found, "subdimension": name, "dimension": dimension}
        else:
            entry = from_templates(Scale(name, dimension, name, (name.lower(),)))
        entries.append(entry)
    return document(entries, instrument, taxonomy="given with the instrument", embedding=None)


def _scale_names(instrument: pd.DataFrame) -> dict[str, str]:
    """Scale name -> dimension, in the order of the items."""
    if instrument.empty:
        raise DataError("The instrument has no items.", "Give at least one row of item_id, stem, dimension.")
    names: dict[str, str] = {}
    subdimensions = instrument["subdimension"] if "subdimension" in instrument.columns else instrument["dimension"]
    scales = subdimensions.fillna(instrument["dimension"])
    for row, (scale, dimension) in enumerate(zip(scales, instrument["dimension"], strict=True), start=1):
        if pd.isna(scale) or not str(scale).strip():
            raise DataError(f"Row {row} of the instrument has no dimension.", "Fill the column 'dimension'.")
        names.setdefault(str(scale), str(scale) if pd.isna(dimension) else str(dimension))
    return names


def _plain(name: str) -> str:
    plain = _SPLIT.sub(" ", name.casefold()).strip()
    return ALIASES.get(plain, plain)


def _add(known: dict[str, Scale | dict[str, Any]], scales: Sequence[Scale]) -> None:
    """Add scales and, after them, dimensions with the words of all their subdimensions; what is known already stays."""
    for scale in scales:
        known.setdefault(_plain(scale.name), scale)
    for dimension in dict.fromkeys(scale.dimension for scale in scales):
        words = tuple(dict.fromkeys(w for scale in scales if scale.dimension == dimension for w in scale.words))
        known.setdefault(_plain(dimension), Scale(dimension, dimension, None, words))


def check_manual(manual: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a manual's entries, anchors by whole levels; raise `DataError` naming the scale and what it lacks."""
    entries = manual.get("subdimensions") if isinstance(manual, Mapping) else None
    if not isinstance(entries, list) or not entries:
        raise DataError("The scoring manual has no subdimensions.", "Run the stage 'instrument' again.")
    checked = []
    for number, entry in enumerate(entries, start=1):
        name = entry.get("subdimension") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or not name:
            raise DataError(f"Scoring manual, subdimension {number}: has no name.", "Write 'subdimension: NAME'.")
        given = entry.get("anchors")
        try:
            anchors = {int(level): [str(t) for t in texts] for level, texts in dict(given or {}).items() if texts}
        except (TypeError, ValueError) as error:
            raise DataError(f"Scoring manual, {name}: anchors are no lists by level 0 to 6.", "Mend them.") from error
        if any(level not in LEVELS for level in anchors) or not (
            min(anchors, default=6) <= 2 and max(anchors, default=0) >= 4
        ):
            raise DataError(
                f"Scoring manual, {name}: the anchors have the levels {', '.join(map(str, sorted(anchors))) or 'none'}.",
                "Levels are 0 to 6; give at least one example at or below 2 and one at or above 4.",
            )
        checked.append(
            {
                **entry,
                "words": list(entry.get("words") or [name]),
                "definition": str(entry.get("definition") or name),
                "polarity": str(entry.get("polarity") or ""),
                "not_applicable": [str(text) for text in entry.get("not_applicable") or []],
                "anchors": dict(sorted(anchors.items())),
            }
        )
    names = [entry["subdimension"] for entry in checked]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(
            f"Scoring manual: {', '.join(repeated)} stands more than once.", "Give each scale its own name."
        )
    return checked
