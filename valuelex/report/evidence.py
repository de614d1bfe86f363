"""Everything that a study's results hold, read once; what is not there is None, never an error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from valuelex.errors import ValuelexError
from valuelex.models import Model, facts
from valuelex.study import STAGES, Manifest, read_manifest
from valuelex.study.deviations import Standing, standing
from valuelex.tables import files_of

if TYPE_CHECKING:
    from valuelex.study import Study

_WITH_MODELS = ("responses", "words", "completions", "scores")
_OWN_TYPES = (pd.StringDtype, pd.Int64Dtype, pd.Float64Dtype, pd.BooleanDtype)
"""Those of the schema's columns: they know themselves how to become plain values."""


class Evidence:
    """A study's tables, documents, models and manifest.

    Parameters
    ----------
    study : Study
        Its results folder may hold everything, or nothing.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.file = study.file
        self._read: dict[str, Any] = {}

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a table, or None where the results do not hold it. A table with no rows is a table."""
        found = self._get(name)
        return found if isinstance(found, pd.DataFrame) else None

    def document(self, name: str) -> dict[str, Any] | None:
        """Return a JSON or YAML document, or None."""
        found = self._get(name)
        return found if isinstance(found, dict) else None

    def _get(self, name: str) -> Any:
        if name not in self._read:
            there = any(path.is_file() for path in files_of(name, self.study.results))
            self._read[name] = self.study.read(name) if there else None
        return self._read[name]

    @cached_property
    def models(self) -> list[Model]:
        return self.study.population([])

    @cached_property
    def model_ids(self) -> list[str]:
        """The study file's models in its order, then those that only a given table names."""
        ids = [model.id for model in self.models]
        for name in _WITH_MODELS:
            table = self.table(name)
            if table is not None:
                ids += sorted(set(table["model_id"].dropna().astype(str)) - set(ids))
        return ids

    @cached_property
    def facts(self) -> pd.DataFrame:
        """What the registry and the study file say of each model; unknown cells are empty."""
        return facts(self.models).reindex(self.model_ids)

    @cached_property
    def manifest(self) -> Manifest | None:
        return read_manifest(self.study.results)

    @cached_property
    def standing(self) -> Standing | None:
        """The frozen plan and what deviates from it; None where nothing was frozen."""
        study = self.study
        return standing(study.path, study.file, study.folder, study.results)

    @cached_property
    def wanted(self) -> list[str]:
        """The stages that this study's report rests on."""
        return self.study.stages("report")

    @cached_property
    def states(self) -> Mapping[str, str]:
        """Stage -> done, stale, missing or not needed; empty where no manifest tells."""
        if self.manifest is None:
            return {}
        try:
            return {status.stage: status.state for status in self.study.status()}
        except ValuelexError:
            return {}

    def given(self, stage: str) -> str:
        """Return the file that takes the place of what `stage` would compute, or an empty text."""
        return self.file.inputs.get(STAGES[stage].given, "")

    def absent(self, stage: str) -> str:
        """Return the one line of a section that has no tables."""
        if stage not in self.wanted:
            tables = ", ".join(sorted(self.file.inputs)) or "later steps"
            return f"Not part of this study, which starts from given tables ({tables})."
        return f"Not run yet: there is no table of this step. The command 'valuelex {stage}' makes it."

    def warnings(self, stage: str) -> list[str]:
        """Return what a reader must know before the section's numbers."""
        found = []
        if self.given(stage):
            found.append(
                f"The table {STAGES[stage].given} was given ({self.given(stage)}), not computed by this study."
            )
        if self.states.get(stage) == "not needed" and not self.given(stage):
            found.append("This study no longer rests on this step; its tables are left over from an earlier run.")
        return found


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as dicts of plain Python values; an empty cell is None."""
    names = [str(name) for name in table.columns]
    cells = [_plain(table.iloc[:, i]) for i in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def _plain(values: pd.Series) -> list[Any]:
    if isinstance(values.dtype, _OWN_TYPES):
        plain: list[Any] = values.to_numpy(dtype=object, na_value=None).tolist()  # type: ignore[call-overload]
        return plain
    cells = values.astype(object).where(values.notna(), None).tolist()
    return [cell.item() if isinstance(cell, np.generic) else cell for cell in cells]


def texts(values: pd.Series) -> list[str]:
    """Return a column as texts, the missing ones left out."""
    return [str(value) for value in values.dropna()]
