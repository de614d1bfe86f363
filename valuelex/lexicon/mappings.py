"""Files by which a user decides what a form stands for: overrides of the rules, and translations per language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from valuelex.errors import BadInput
from valuelex.tables import read_frame


def form_key(form: str) -> str:
    """How forms are compared: lower case, runs of white space and hyphens as one space, no edges."""
    return re.sub(r"[\s\-‐-―]+", " ", form.lower()).strip(" .'")


class Override(NamedTuple):
    """What a form stands for: a word, or None for a form that is set aside; and why."""

    word: str | None
    reason: str


def load_overrides(source: str | None, folder: Path) -> dict[str, Override]:
    """Read a CSV file of form, word, reason; an empty word sets the form aside.

    Raises
    ------
    BadInput
        If the file is missing, lacks a column, or holds a form twice.
    """
    if source is None:
        return {}
    data = _read(source, folder, "lexicon.overrides", ("form", "word", "reason"))
    return {
        form_key(form): Override(word.strip() or None, reason.strip())
        for form, word, reason in zip(data["form"], data["word"], data["reason"], strict=True)
    }


def load_translations(sources: Mapping[str, str], folder: Path) -> dict[str, dict[str, str]]:
    """Read per language a CSV file of form, word: what a form of that language is called in English.

    Raises
    ------
    BadInput
        As `load_overrides`, and if a word is empty.
    """
    out: dict[str, dict[str, str]] = {}
    for language, source in sources.items():
        data = _read(source, folder, f"lexicon.translations.{language}", ("form", "word"))
        empty = data["word"].str.strip() == ""
        if empty.any():
            form = data["form"][int(empty.to_numpy().argmax())]
            raise BadInput(
                f"{folder / source}: '{form}' has no word.",
                "Give its English word, or leave the row out: it is then set aside.",
            )
        out[language] = {form_key(f): w.strip() for f, w in zip(data["form"], data["word"], strict=True)}
    return out


def _read(source: str, folder: Path, key: str, columns: tuple[str, ...]) -> pd.DataFrame:
    path = folder / source
    if not path.is_file():
        raise BadInput(f"{key}: {path} does not exist.", "Give a CSV file, relative to the study file.")
    data = read_frame(path).astype(object)
    data = data.where(data.notna(), "")
    missing = [name for name in columns if name not in data.columns]
    if missing:
        raise BadInput(f"{path}: column {', '.join(missing)} is missing.", f"The file has {', '.join(columns)}.")
    data = data[list(columns)].astype(str)
    keys = data["form"].map(form_key)
    bad = (keys == "") | keys.duplicated()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        what = "is empty" if keys[row] == "" else f"'{data['form'][row]}' stands there twice"
        raise BadInput(
            f"{path}, row {row + 2}: the form {what}.", "Each form has one row; case and hyphens make no difference."
        )
    return data
