"""The study file: one declarative YAML file from which the whole chain runs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from valuelex.comparison import ComparisonSettings
from valuelex.elicitation import ElicitationSettings, ExampleSet, Persona, Prompt, RespondentSettings, StopRule
from valuelex.errors import StudyFileError
from valuelex.lexicon import LexiconSettings, ValueJudgeSettings
from valuelex.models import ModelSettings, PopulationSettings, RunningSettings
from valuelex.models.registry import Price
from valuelex.projective import (
    DEFAULT_JUDGES,
    AdministrationSettings,
    InstrumentSettings,
    Judges,
    JudgeSettings,
    ScoringSettings,
    WriterSettings,
)
from valuelex.tables.yaml_lines import line_of, read_with_lines
from valuelex.taxonomy import MultiverseSettings, NamingSettings, TaxonomySettings
from valuelex.taxonomy.multiverse import PromptSubset

INPUT_TABLES = (
    "responses",
    "words",
    "lexicon",
    "assignments",
    "instrument",
    "completions",
    "judgements",
    "scores",
    "item_scores",
)
"""Tables that a study can start from."""


class StudyFile(BaseModel):
    """All of study.yaml. Every key but `models` has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="", max_length=200)
    """Name of the study; default: the folder's name. A results folder belongs to the study of that name."""
    seed: int = Field(default=7, ge=0)
    """The one seed; every stage and every call gets its own, spawned from it."""
    models: list[ModelSettings]
    """Whom to ask: registry ids, or endpoints."""
    population: PopulationSettings = PopulationSettings()
    """Which of the models take part: matched pairs, families."""
    respondents: RespondentSettings = RespondentSettings()
    elicitation: ElicitationSettings = ElicitationSettings()
    lexicon: LexiconSettings = LexiconSettings()
    taxonomy: TaxonomySettings = TaxonomySettings()
    multiverse: MultiverseSettings = MultiverseSettings()
    instrument: InstrumentSettings = InstrumentSettings()
    administration: AdministrationSettings = AdministrationSettings()
    judges: Judges = list(DEFAULT_JUDGES)
    """Who scores the completions: `embedded`, or endpoints."""
    scoring: ScoringSettings = ScoringSettings()
    comparison: ComparisonSettings = ComparisonSettings()
    running: RunningSettings = RunningSettings()
    """What a run may cost, and how long it may wait."""
    inputs: dict[str, str] = {}
    """Tables to start from: table name -> CSV or Parquet file, relative to the study file."""
    results: str = "results"
    """Folder of the results, relative to the study file."""

    @field_validator("models")
    @classmethod
    def _unique_models(cls, models: list[ModelSettings]) -> list[ModelSettings]:
        ids = [model.id for model in models]
        repeated = sorted({i for i in ids if ids.count(i) > 1})
        if repeated:
            raise ValueError(f"the id {', '.join(repeated)} stands more than once")
        return models

    @model_validator(mode="after")
    def _known_inputs(self) -> StudyFile:
        for name in self.inputs:
            if name not in INPUT_TABLES:
                raise ValueError(f"inputs.{name} is no table to start from; these are: {', '.join(INPUT_TABLES)}")
        if "lexicon" in self.inputs and "words" not in self.inputs:
            raise ValueError("inputs.lexicon needs inputs.words beside it: the words say who named what")
        return self


def study_path(study: str | Path) -> Path:
    """Return the study file of a folder or file; raise `StudyFileError` if there is none."""
    path = Path(study)
    if path.is_dir():
        path = path / "study.yaml"
    if not path.is_file():
        raise StudyFileError(f"{path}: no such study file.", f"Make one with: valuelex init {path.parent}")
    return path


def load_study_file(path: Path) -> StudyFile:
    """Read and check a study file.

    Raises
    ------
    StudyFileError
        With file, line, key and what to do, for anything that is wrong in it.
    """
    tree, content = read_with_lines(path, StudyFileError)
    if not isinstance(content, dict):
        raise StudyFileError(
            f"{path}: holds no keys.", "A study file needs at least: models: [{id: smollm2-135m-instruct}]"
        )
    try:
        found = StudyFile.model_validate(content)
    except ValidationError as error:
        raise _explain(path, tree, error) from error
    return found if found.name else found.model_copy(update={"name": path.resolve().parent.name})


def _explain(path: Path, tree: yaml.Node | None, error: ValidationError) -> StudyFileError:
    """Turn pydantic's first complaint into one sentence with file, line and key."""
    # In a union ("embedded" or an endpoint, a file or a list) the branch that got furthest is the one the user meant.
    first = error.errors()[0]
    place = _keys(first["loc"])[:2]
    first = max((e for e in error.errors() if _keys(e["loc"])[:2] == place), key=lambda e: len(_keys(e["loc"])))
    loc = _keys(first["loc"])
    key = _dotted(loc)
    line = line_of(tree, loc)
    where = f"{path}, line {line}" if line else f"{path}"
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(loc[-1]), _known_keys(loc[:-1]), n=1)
        remedy = f"Did you mean '{close[0]}'?" if close else f"Known keys here: {', '.join(_known_keys(loc[:-1]))}."
        return StudyFileError(f"{where}: unknown key '{key}'.", remedy)
    if first["type"] == "missing":
        return StudyFileError(f"{where}: key '{key}' is missing.", f"Add it: {loc[-1]}: ...")
    message = first["msg"].removeprefix("Value error, ")
    given = first.get("input")
    shown = (
        f" (it is {str(given)[:60]!r})"
        if isinstance(given, (str, int, float, bool)) and first["type"] != "value_error"
        else ""
    )
    return StudyFileError(
        f"{where}: {f'{key}: ' if key else ''}{message}{shown}.", "Mend this key; valuelex init shows all keys."
    )


def _keys(loc: Sequence[Any]) -> list[Any]:
    return [part for part in loc if isinstance(part, int) or not _is_branch(str(part))]


def _is_branch(part: str) -> bool:
    """Pydantic puts the name of a union's branch into the path; it is no key of the file."""
    branches = (
        "literal[",
        "list[",
        "function-",
        "constrained-",
        "JudgeSettings",
        "NamingSettings",
        "Persona",
        "PromptSubset",
    )
    return part.startswith(branches) or part in ("str", "int", "float", "none")


def _dotted(loc: list[Any]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _known_keys(loc: list[Any]) -> list[str]:
    """The keys of the section that `loc` leads to."""
    within: dict[tuple[str, str], type[BaseModel]] = {
        ("models", "price"): Price,
        ("judges", "price"): Price,
        ("respondents", "personas"): Persona,
        ("elicitation", "prompts"): Prompt,
        ("elicitation", "few_shot"): ExampleSet,
        ("elicitation", "stop_when"): StopRule,
        ("lexicon", "judge"): ValueJudgeSettings,
        ("taxonomy", "naming"): NamingSettings,
        ("instrument", "writer"): WriterSettings,
        ("multiverse", "prompts"): PromptSubset,
    }
    inner = within.get(tuple(str(part) for part in loc if not isinstance(part, int))[:2])  # type: ignore[arg-type]
    if inner is not None:
        return sorted(inner.model_fields)
    sections: dict[str, type[BaseModel]] = {
        "models": ModelSettings,
        "population": PopulationSettings,
        "running": RunningSettings,
        "respondents": RespondentSettings,
        "elicitation": ElicitationSettings,
        "lexicon": LexiconSettings,
        "taxonomy": TaxonomySettings,
        "multiverse": MultiverseSettings,
        "instrument": InstrumentSettings,
        "administration": AdministrationSettings,
        "judges": JudgeSettings,
        "scoring": ScoringSettings,
        "comparison": ComparisonSettings,
    }
    section = sections.get(str(loc[0])) if loc else StudyFile
    return sorted(section.model_fields) if section else []
