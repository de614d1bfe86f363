"""instrument.yaml: the document that a person may edit, its hash, and the way back from the file to the test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from valuelex.errors import DataError
from valuelex.projective.instrument.bank import Person, Text, Valence
from valuelex.projective.instrument.fit import fit, margins
from valuelex.projective.instrument.strict_yaml import Checked, read_checked
from valuelex.projective.instrument.wording import is_first_person, lix, tokens
from valuelex.projective.manual import check_manual
from valuelex.projective.scales import Scale
from valuelex.projective.text import bare
from valuelex.semantics import Embedder
from valuelex.tables import digest_json, frame

HASH, BASED_ON = "sha256", "based_on"
"""Keys of the document: its content hash, and that of the file it was edited from."""


class EditedItem(BaseModel):
    """One item of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    item_id: Annotated[str, Field(min_length=1)]
    stem: Text
    dimension: str
    subdimension: str | None = None
    valence: Valence | None = None
    form: Literal["A", "B"] = "A"
    source: str | None = None
    person: Person | None = None
    bank_id: str | None = None


class EditedScale(BaseModel):
    """One scale of the file: what a judge reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    subdimension: Annotated[str, Field(min_length=1)]
    dimension: Annotated[str, Field(min_length=1)]
    anchors: dict[int, list[str]]
    definition: str | None = None
    polarity: str | None = None
    words: list[str] = Field(default_factory=list)
    origin: str | None = None
    not_applicable: list[str] = Field(default_factory=list)


class EditedInstrument(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subdimensions: Annotated[list[EditedScale], Field(min_length=1)]
    items: Annotated[list[EditedItem], Field(min_length=1)]
    version: Annotated[int, Field(ge=1)] = 1
    name: str = ""
    taxonomy: str | None = None
    scale: dict[str, int] = Field(default_factory=dict)
    how: str = ""
    embedding: str | None = None
    sha256: str | None = None
    based_on: str | None = None


def content_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document's canonical JSON, hashes themselves left out: the same content, the same hash.

    Levels of anchors are numbers in YAML and texts in JSON; both give one hash.
    """
    return digest_json(_plain({key: value for key, value in document.items() if key not in (HASH, BASED_ON)}))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def stamped(document: Mapping[str, Any], *, based_on: str | None = None) -> dict[str, Any]:
    """Return a document with its content hash, and with that of the file it was edited from where this is another one."""
    plain = {key: value for key, value in document.items() if key not in (HASH, BASED_ON)}
    now = content_hash(plain)
    return {**plain, HASH: now, **({BASED_ON: based_on} if based_on not in (None, now) else {})}


def load_edited(path: Path) -> Checked[EditedInstrument]:
    """Read an instrument.yaml and check it.

    Raises
    ------
    StudyFileError
        With file, line and key: another form, an item of a scale that is not there, an id or a stem twice.
    """
    checked = read_checked(path, EditedInstrument, "items and subdimensions, as in results/instrument.yaml")
    scales: dict[str, str] = {}
    for i, scale in enumerate(checked.form.subdimensions):
        if scale.subdimension in scales:
            raise checked.wrong(
                ("subdimensions", i), f"the scale {scale.subdimension} stands twice.", "Give each scale its own name."
            )
        scales[scale.subdimension] = scale.dimension
    ids: set[str] = set()
    stems: set[str] = set()
    for i, item in enumerate(checked.form.items):
        key = bare(item.stem).casefold()
        if item.item_id in ids:
            raise checked.wrong(("items", i, "item_id"), f"item_id {item.item_id} stands twice.", "Give it another id.")
        if key in stems:
            raise checked.wrong(("items", i, "stem"), f"the stem '{item.stem}' stands twice.", "Change one of the two.")
        name = item.subdimension or item.dimension
        if scales.get(name) != item.dimension:
            known = ", ".join(f"{d} / {s}" if d != s else s for s, d in scales.items())
            raise checked.wrong(
                ("items", i, "subdimension" if item.subdimension else "dimension"),
                f"item {item.item_id} belongs to {item.dimension} / {name}, which is not among the subdimensions.",
                f"There are: {known}. Or add the scale with its anchors.",
            )
        ids.add(item.item_id)
        stems.add(key)
    try:
        check_manual(checked.plain)
    except DataError as error:
        raise checked.wrong(("subdimensions",), error.what, error.remedy) from error
    return checked


def from_edited(checked: Checked[EditedInstrument], embedder: Embedder) -> dict[str, Any]:
    """Return the table `instrument` and the manual of a file that was edited by hand; what is measured is measured anew.

    Returns
    -------
    dict
        "instrument": DataFrame in the order of the file; "manual": dict.
    """
    file = checked.form
    scales = [
        Scale(s.subdimension, s.dimension, s.subdimension, tuple(s.words) or (s.subdimension.lower(),), s.definition)
        for s in file.subdimensions
    ]
    number = {scale.name: i for i, scale in enumerate(scales)}
    own = pd.Series([number[item.subdimension or item.dimension] for item in file.items]).to_numpy()
    fits = fit([(bare(item.stem),) for item in file.items], scales, embedder)
    margin = margins(fits, own)
    rows = [
        {
            "item_id": item.item_id,
            "stem": item.stem,
            "dimension": item.dimension,
            "subdimension": item.subdimension,
            "valence": item.valence,
            "form": item.form,
            "source": item.source or "edited",
            "bank_id": item.bank_id,
            "person": item.person or ("first" if is_first_person(item.stem) else None),
            "n_words": len(tokens(item.stem)),
            "readability": round(lix(item.stem), 3),
            "fit": float(f[s]),
            "margin": float(m),
        }
        for item, f, s, m in zip(file.items, fits, own, margin, strict=True)
    ]
    manual = {**checked.plain, "version": file.version, "subdimensions": check_manual(checked.plain)}
    return {"instrument": frame("instrument", rows), "manual": stamped(manual, based_on=file.sha256)}
