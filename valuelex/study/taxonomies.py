"""Taxonomies to compare, from wherever they are: a study, a results folder, a taxonomy.json, a table of assignments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from valuelex import taxonomy
from valuelex.errors import BadInput, StudyFileError, ValuelexError, writing
from valuelex.lexicon.mappings import form_key, load_translations
from valuelex.study.file import load_study_file
from valuelex.study.flat import flat
from valuelex.study.manifest import FILE, read_manifest
from valuelex.tables import files_of, read, read_frame, read_input, replace_file
from valuelex.tables.inert_csv import to_csv

_UNTOLD = ("results", "inputs", "name")
"""Settings that say what a study is called and where it lies."""


def compare(a: Path, b: Path, *, words: Path | None = None) -> taxonomy.TaxonomyDiff:
    """Compare two taxonomies.

    Parameters
    ----------
    a, b : Path
        Each a study (folder or file), a results folder, a taxonomy.json, or a table of assignments (CSV or Parquet).
    words : Path, optional
        A table of two columns: a word of A, and the word of B that it stands for.

    Raises
    ------
    BadInput
        If one of them is missing or holds no taxonomy, or they share no word.
    """
    sides = [_load(place) for place in (a, b)]
    if words is not None:
        mapping = _mapping(words)
        if not any(str(w) in mapping for w in sides[0].places.index):
            raise BadInput(
                f"{words}: none of its words is a word of {sides[0].name}.",
                "The first column holds words of A, the second words of B; the first row is the heading.",
            )
        sides[0] = taxonomy.renamed(sides[0], mapping)
    return taxonomy.diff(*_apart(sides))


def _apart(sides: list[taxonomy.Side]) -> list[taxonomy.Side]:
    if sides[0].name != sides[1].name:
        return sides
    return [replace(side, name=f"{side.name} ({letter})") for side, letter in zip(sides, "AB", strict=True)]


def _load(place: Path) -> taxonomy.Side:
    if not place.exists():
        raise BadInput(
            f"{place} does not exist.", "Give a study, a results folder, a taxonomy.json or a table of assignments."
        )
    if place.is_file() and place.suffix == ".json":
        return _of_document(place)
    if place.is_file() and place.suffix in (".csv", ".tsv", ".txt", ".parquet", ".pq"):
        return _of_table(place)
    study = place / "study.yaml" if place.is_dir() else place
    if study.is_file():
        file = load_study_file(study)
        return _of_results(study.parent / file.results, _translations(file.lexicon.translations, study.parent))
    if place.is_file():
        raise StudyFileError(f"{place}: is no study file, table or taxonomy.json.", "Give one of these, or a folder.")
    return _of_results(place, {})


def _of_results(folder: Path, translated: Mapping[str, str]) -> taxonomy.Side:
    if not any(path.is_file() for path in files_of("assignments", folder)):
        raise BadInput(
            f"{folder}: holds no taxonomy.", "Run the study as far as its taxonomy first: valuelex taxonomy STUDY."
        )
    manifest = read_manifest(folder)
    settings = {k: v for k, v in (manifest.settings if manifest else {}).items() if k not in _UNTOLD}
    about: dict[str, Any] = {}
    notes = [] if manifest else [f"{folder}: has no {FILE}, so its settings are not known."]
    if manifest is not None:
        record = manifest.stages.get("taxonomy")
        languages = (settings.get("respondents") or {}).get("languages")
        about |= {
            "date": record.finished if record else "not known",
            "valuelex": manifest.valuelex,
            "seed": manifest.seed,
        }
        about["languages"] = ", ".join(str(x) for x in languages or []) or "not known"
        about["models"] = len(settings.get("models") or [])
    document = read("taxonomy", folder) if files_of("taxonomy", folder)[0].is_file() else {}
    if document.get("edited"):
        about["edited by hand"] = "yes"
    side = taxonomy.Side(
        manifest.study if manifest else str(folder),
        _places(read("assignments", folder)),
        _matrix("loadings", "word", folder),
        _matrix("factor_correlations", "factor", folder),
        about,
        flat(settings),
        document.get("interpretable"),
        tuple(notes),
    )
    return taxonomy.renamed(side, {w: translated[form_key(w)] for w in side.places.index if form_key(w) in translated})


def _matrix(name: str, key: str, folder: Path) -> pd.DataFrame | None:
    if not any(path.is_file() for path in files_of(name, folder)):
        return None
    table = read(name, folder).set_index(key)
    return table.astype(float) if len(table) else None


def _places(table: pd.DataFrame) -> pd.DataFrame:
    places = table.set_index(table["word"].astype(str))[["dimension", "subdimension"]]
    return places.astype(object).where(places.notna(), None).rename_axis("word")


def _of_table(path: Path) -> taxonomy.Side:
    return taxonomy.Side(
        str(path), _places(read_input("assignments", path)), notes=(f"{path}: of its settings nothing is known.",)
    )


def _of_document(path: Path) -> taxonomy.Side:
    import json

    wrong = BadInput(f"{path}: is no taxonomy.json.", "It holds an object with 'dimensions', each with name and words.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows: dict[str, tuple[str | None, str | None]] = {}
        for d in content["dimensions"]:
            rows |= {str(w): (str(d["name"]), None) for w in d["words"]}
            rows |= {str(w): (str(d["name"]), str(s["name"])) for s in d.get("subdimensions") or [] for w in s["words"]}
        rows |= {str(w): (None, None) for w in content.get("unassigned") or [] if str(w) not in rows}
        interpretable = content.get("interpretable")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise wrong from error
    places = pd.DataFrame.from_dict(rows, orient="index", columns=["dimension", "subdimension"], dtype=object)
    note = f"{path}: of its settings and loadings nothing is known."
    known = interpretable if isinstance(interpretable, bool) else None
    return taxonomy.Side(str(path), places.rename_axis("word"), interpretable=known, notes=(note,))


def _translations(files: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What the study's own files call its words in English; a form that two languages translate differently is left alone."""
    try:
        found = load_translations(files, folder)
    except ValuelexError as error:
        raise BadInput(f"The translations of {folder} cannot be used: {error.what}", error.remedy) from error
    out: dict[str, str] = {}
    doubtful: set[str] = set()
    for words in found.values():
        doubtful |= {form for form, word in words.items() if out.get(form, word) != word}
        out |= words
    return {form: word for form, word in out.items() if form not in doubtful}


def _mapping(path: Path) -> dict[str, str]:
    """The two columns of a mapping, each word once on the left."""
    if not path.is_file():
        raise BadInput(f"--map: {path} does not exist.", "Give a CSV file of two columns: a word of A, a word of B.")
    table = read_frame(path)
    if table.shape[1] != 2:
        raise BadInput(f"{path}: has {table.shape[1]} columns.", "A mapping has two: a word of A, a word of B.")
    pairs = table.astype(object).where(table.notna(), "").astype(str).to_numpy().tolist()
    left = [a.strip() for a, _ in pairs]
    for row, (a, b) in enumerate(pairs, start=2):
        if not a.strip() or not b.strip():
            raise BadInput(
                f"{path}, row {row}: a word is missing.", "Leave the row out: words without a partner stay as they are."
            )
        if left.count(a.strip()) > 1:
            raise BadInput(f"{path}, row {row}: '{a.strip()}' stands there twice.", "Each word of A has one row.")
    return {a.strip(): b.strip() for a, b in pairs}


def write_tables(found: taxonomy.TaxonomyDiff, folder: Path) -> None:
    """Write each table of a comparison as ``diff_NAME.csv``.

    Raises
    ------
    ResultsFolderError
        If the folder cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, table in found.tables().items():
        replace_file(folder / f"diff_{name}.csv", to_csv(table.convert_dtypes()))
