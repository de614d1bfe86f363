"""What is up to date: a stage is done while its key stands, and its key is a hash of all that can move its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valuelex.models import Model
from valuelex.projective import rating_files
from valuelex.study.file import StudyFile
from valuelex.study.freeze import current_plan, frozen_path
from valuelex.study.manifest import Manifest, sources_digest
from valuelex.study.stages import STAGES, Stage, whole
from valuelex.tables import digest, digest_json, files_of
from valuelex.taxonomy import EDITS

_HARMLESS = frozenset(
    {
        *("concurrency", "timeout", "max_retries", "requests_per_minute", "tokens_per_minute", "running"),
        *("api_key_env", "headers", "headers_env", "organization", "token_limit", "batch", "price"),
    }
)
"""Settings that cannot move an answer: changing them leaves finished stages as they are."""


def plain(value: Any) -> Any:
    """A pydantic section as plain JSON values, harmless settings left out."""
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return {k: plain(v) for k, v in dump(mode="json").items() if k not in _HARMLESS}
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items() if k not in _HARMLESS}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


@dataclass(frozen=True)
class Freshness:
    """Keys and states of the stages of one study.

    Parameters
    ----------
    file : StudyFile
    folder, results : Path
        Where the study file lies, and its results.
    manifest : Manifest
        What was made, from what.
    population : sequence of Model
    path : Path, optional
        The study file; beside it may lie a frozen plan, from which the report names deviations.
    """

    file: StudyFile
    folder: Path
    results: Path
    manifest: Manifest
    population: Sequence[Model]
    path: Path | None = None

    def state(self, name: str) -> str:
        """Return missing, stale or done."""
        record = self.manifest.stages.get(name)
        if record is None:
            return "missing"
        key = self.report_key() if name == "report" else self.key(STAGES[name])
        whole = all(_unchanged(self.results / file, sha) for file, sha in record.outputs.items())
        return "done" if record.key == key and whole else "stale"

    def key(self, stage: Stage) -> str:
        """Hash of all that can move a stage's outputs: settings, seed, inputs, and the code it rests on."""
        settings: dict[str, Any] = {}
        for section in stage.sections:
            first, _, inner = section.partition(".")
            value = getattr(self.file, first)
            settings[section] = plain(getattr(value, inner) if inner else value)
        if stage.name == "elicit" and self.file.elicitation.stop_when.coverage is not None:
            # When sampling ends depends on what counts as a word.
            settings["words"] = [plain(self.file.lexicon), self.file.taxonomy.embedding]
        if "models" in stage.sections:
            settings["models"] = [
                {**plain(m.settings), **plain(m.entry), "mode": m.mode, "structured": m.structured}
                for m in self.population
            ]
        return digest_json(
            {
                "stage": stage.name,
                "seed": self.file.seed,
                "settings": settings,
                "inputs": self.inputs(stage),
                "files": self._files(stage),
                "sources": sources_digest(stage.room),
            }
        )

    def inputs(self, stage: Stage) -> dict[str, str]:
        """SHA-256 of what a stage reads: given files by themselves, else the files that earlier stages recorded."""
        given = {
            n: digest(self.folder / f) if (self.folder / f).is_file() else "missing"
            for n, f in self.file.inputs.items()
            if n in stage.writes or (n in stage.reads and stage.alone(self.file))
        }
        if stage.given in given:
            return given
        recorded = {file: sha for record in self.manifest.stages.values() for file, sha in record.outputs.items()}
        names = [files_of(item, self.results)[0].name for item in stage.read_with(self.file)]
        names += [files_of(item, self.results)[0].name for item in stage.also if self.made(item)]
        return given | {name: recorded.get(name, "missing") for name in names}

    def made(self, table: str) -> bool:
        """Whether one of the stages that the study's scores rest on has written the table."""
        maker = next(stage.name for stage in STAGES.values() if table in stage.writes)
        record = self.manifest.stages.get(maker)
        there = record is not None and files_of(table, self.results)[0].name in record.outputs
        return there and maker in whole(self.file)

    def _files(self, stage: Stage) -> dict[str, str]:
        """SHA-256 of the user's own files that the settings name."""
        asked, lexicon = self.file.elicitation, self.file.lexicon
        forms = [lexicon.values, lexicon.overrides, *lexicon.translations.values()]
        sources: dict[str, list[Any]] = {
            # The stopping rule counts words as the lexicon does.
            "elicit": [asked.prompts, asked.few_shot, asked.vocabulary, *(forms if asked.stop_when.coverage else [])],
            "lexicon": [*forms, lexicon.crosswalk, asked.few_shot, asked.vocabulary],
            "taxonomy": [
                self.file.taxonomy.embedding.removeprefix("precomputed:"),
                self.file.taxonomy.intrinsic.words,
                self.file.taxonomy.edits or EDITS,
            ],
            "instrument": [self.file.instrument.taxonomy, self.file.instrument.bank, self.file.instrument.file],
            "compare": [getattr(self.file.comparison, name) for name in ("covariates", "claims", "reference")],
        }
        if stage.name == "judge":
            sources["judge"] = [p.relative_to(self.folder).as_posix() for p in rating_files(self.folder)]
        kinds = (".yaml", ".yml", ".csv", ".parquet")
        named = [s for s in sources.get(stage.name, []) if isinstance(s, str) and s.endswith(kinds)]
        return {s: digest(self.folder / s) for s in named if (self.folder / s).is_file()}

    def report_key(self) -> str:
        """Hash of what the report is made from."""
        made = {n: r.outputs for n, r in self.manifest.stages.items() if n != "report"}
        parts = {
            "made": made,
            "name": self.file.name,
            "settings": plain(self.file),
            "sources": sources_digest("report"),
        }
        plan = None if self.path is None else frozen_path(self.path)
        if plan is not None and plan.is_file():
            parts["frozen"] = [digest(plan), current_plan(self.file, self.folder)]
        return digest_json(parts)


def _unchanged(path: Path, sha: str) -> bool:
    return path.is_file() and digest(path) == sha
