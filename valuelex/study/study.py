"""A study: one folder, one file, the whole chain. Runs what is not up to date, stops and resumes anywhere."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from valuelex import projective, taxonomy
from valuelex.errors import (
    DataError,
    RegistryError,
    ResultsFolderError,
    SettingError,
    StudyFileError,
    TableError,
    writing,
)
from valuelex.lexicon import load_crosswalk, load_lexicon, open_lexicon
from valuelex.models import (
    Budget,
    Caller,
    Engine,
    Ledger,
    Model,
    ModelSettings,
    Progress,
    key_from_environment,
    matched_pairs,
    registry,
    resolve,
    spent_in,
)
from valuelex.psychometrics.threads import single_thread
from valuelex.study.embedding import check_embedding
from valuelex.study.file import StudyFile, load_study_file, study_path
from valuelex.study.freeze import plan_hash
from valuelex.study.freshness import Freshness, plain
from valuelex.study.manifest import LEDGER, Manifest, StageRecord, claim, packages, read_manifest
from valuelex.study.multiverse import NAME, multiverse_state
from valuelex.study.stages import STAGES, Stage, Work, needed, reads_models, whole
from valuelex.tables import DOCUMENTS, TABLES, digest, files_of, read, read_input, write
from valuelex.taxonomy import edits_path, load_edits

_CALLED = ("elicit", "administer", "judge")
"""Stages that ask models."""

Reporter = Callable[["Study"], str]
_reporter: Reporter | None = None


def set_reporter(reporter: Reporter) -> None:
    """Tell the study how its report is rendered. The report lives one floor up and announces itself here."""
    global _reporter
    _reporter = reporter


@dataclass
class Listener:
    """Whom a run tells what it does; every call-back defaults to silence."""

    on_stage: Callable[[str, str], None] = lambda stage, what: None
    """Called with a stage's name and "run", "up to date" or "done"."""
    on_progress: Callable[[Progress], None] = lambda progress: None
    """Called after every answer of a model."""
    tell: Callable[[str], None] = lambda message: None
    """Called with a sentence: a download, a mended ledger."""


@dataclass(frozen=True)
class StageStatus:
    """Where one stage stands: done, stale, missing, or not needed."""

    stage: str
    state: str
    counts: dict[str, int] = field(default_factory=dict)


class Study:
    """A study file and its results.

    Attributes of the names of tables (``study.responses``, ``study.scores``) are pandas DataFrames; ``study.taxonomy`` is the
    table of assignments (word, dimension, subdimension, ...), and `document` gives the JSON documents.

    Parameters
    ----------
    path : Path
        The study file.
    file : StudyFile
        Its checked content.
    """

    def __init__(self, path: Path, file: StudyFile) -> None:
        self.path = path
        self.file = file
        self.folder = path.resolve().parent
        self.results = Path(os.path.normpath(self.folder / file.results))
        self.engines: dict[str, Engine] = {}
        """Engines to use in place of the models' own, by model id (a `ReplayEngine`, tests)."""

    @classmethod
    def load(cls, study: str | Path) -> Study:
        """Read the study in a folder or file.

        Raises
        ------
        StudyFileError
            With file, line and key, for anything wrong in it.
        """
        path = study_path(study)
        return cls(path, load_study_file(path))

    def __repr__(self) -> str:
        return f"Study('{self.file.name}', {len(self.file.models)} models, results in {self.results})"

    def _repr_html_(self) -> str:
        """In a notebook: where every stage stands, and how many rows it wrote."""
        from html import escape

        rows = "".join(
            f"<tr><th style='text-align:left'>{s.stage}</th><td style='text-align:left'>{s.state}</td>"
            f"<td style='text-align:left'>{', '.join(f'{n:,} {name}' for name, n in s.counts.items() if n)}</td></tr>"
            for s in self.status()
        )
        head = f"<p><b>{escape(self.file.name)}</b>: {len(self.file.models)} models, results in {escape(str(self.results))}</p>"
        return f"{head}<table><thead><tr><th>stage</th><th>state</th><th>rows</th></tr></thead><tbody>{rows}</tbody></table>"

    # ---- what it is made of ----

    @cached_property
    def given(self) -> dict[str, pd.DataFrame]:
        """The tables that the study starts from, read and checked."""
        return {name: read_input(name, self.folder / file) for name, file in self.file.inputs.items()}

    def population(self, stages: list[str]) -> list[Model]:
        """The models; strict where one of `stages` has to call them, else an unknown id is a model without facts.

        Raises
        ------
        RegistryError
            For an unknown id without base_url.
        StudyFileError
            If models have to be called and none is named.
        """
        called = [s for s in stages if s in ("elicit", "administer") and STAGES[s].given not in self.file.inputs]
        if "taxonomy" in stages and reads_models(self.file):
            called.append("taxonomy")
        wanted = self.file.population
        named = self.file.models
        if not named and wanted.matched:
            here = [m for m in registry().models if m.artifact or m.huggingface or m.base_url]
            named = [ModelSettings(id=m.id) for m in here]
        if called and not named:
            raise StudyFileError(
                f"{self.path}: models is empty.", "Name at least one model, or give the tables under inputs."
            )
        try:
            found = [resolve(settings, asked=bool(called)) for settings in named]
        except RegistryError as error:
            raise RegistryError(f"{self.path}: {error.what}", error.remedy) from error
        if wanted.family:
            found = [m for m in found if m.entry.family in wanted.family]
        if wanted.matched:
            paired = {i for pair in matched_pairs(found, wanted.matched) for i in (pair.first, pair.second)}
            found = [m for m in found if m.id in paired]
        if named and not found:
            raise StudyFileError(
                f"{self.path}: population: none of the {len(named)} models is left.",
                "A matched pair needs two models of the list: 'tuned_from' (or the registry) says which belong "
                "together.",
            )
        return found

    def read(self, name: str) -> Any:
        """Return a table (DataFrame) or document (dict) of the results."""
        return read(name, self.results)

    def document(self, name: str) -> dict[str, Any]:
        """Return a JSON or YAML document of the results: taxonomy, adequacy, reliability, judging, manual."""
        if name not in DOCUMENTS or name == "report":
            raise SettingError(
                f"'{name}' is no document.", f"They are: {', '.join(n for n in DOCUMENTS if n != 'report')}."
            )
        found: dict[str, Any] = self.read(name)
        return found

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name == "taxonomy":
            name = "assignments"
        if name not in TABLES:
            raise AttributeError(f"Study has no attribute '{name}'; its tables are {', '.join(TABLES)}")
        try:
            table: pd.DataFrame = self.read(name)
        except TableError as error:
            raise AttributeError(str(error)) from error
        return table

    # ---- running ----

    def run(
        self, to: str = "report", *, listener: Listener | None = None, retry_errors: bool = False, replay: bool = False
    ) -> list[str]:
        """Run what is not up to date, up to and including the stage `to`; return the names of the stages that ran.

        Parameters
        ----------
        to : str
        listener : Listener, optional
        retry_errors : bool
            Go through the stages that ask models again: calls that failed or were filtered are made once more, all others come
            from the ledger.
        replay : bool
            Make every table anew from the ledger alone: no key, no call.

        Raises
        ------
        SettingError
            For an unknown stage.
        ResultsFolderError
            If the results folder is another study's, is in use, or cannot be written.
        EndpointError
            If a model cannot be asked. What was answered is kept; the same call goes on from there.
        BudgetReached, BatchPending
            When the spending cap ends the run, or calls wait at a batch API.
        LedgerError
            If the ledger lacks a call of a replay.
        """
        listener = listener or Listener()
        stages = self.stages(to)
        population = self.population(stages)
        self._preflight(stages, population, keys=not replay)
        ran = []
        with self.locked():
            manifest = self._manifest()
            ledger = Ledger(self.results / LEDGER)
            for note in ledger.notes:
                listener.tell(note)
            caller = self._caller(ledger, population, listener, replay=replay)
            fresh = self._fresh(manifest, population)
            work = Work(
                self.file, self.folder, population, caller, self.read, self.given, self.results, replay, fresh.made
            )
            try:
                for name in stages:
                    again = replay or (retry_errors and name in _CALLED)
                    if not again and self._fresh(manifest, population).state(name) == "done":
                        listener.on_stage(name, "up to date")
                        continue
                    listener.on_stage(name, "run")
                    try:
                        self._run_stage(STAGES[name], work, manifest)
                    except DataError as error:
                        if to != "report" or name != "instrument":
                            raise
                        # Words without a structure are a result: the report says why, though nothing can be tested.
                        listener.tell(f"The chain ends here: {error.what}")
                        break
                    listener.on_stage(name, "done")
                    ran.append(name)
            finally:
                ledger.close()
            if to == "report":
                ran += self._run_report(manifest, listener)
        return ran

    def _caller(self, ledger: Ledger, population: list[Model], listener: Listener, *, replay: bool) -> Caller:
        running = self.file.running
        budget = None
        if running.budget is not None and not replay:
            file = self.file
            asked = [file.lexicon.judge, file.taxonomy.namer, file.instrument.writer]
            judges = [*file.judges, *filter(None, asked)]
            models = [*population, *(resolve(j) for j in judges if not isinstance(j, str))]
            prices = {m.id: m.entry.price for m in models if m.entry.price is not None}
            batch = frozenset(m.id for m in models if m.settings.batch)
            budget = Budget(running.budget, prices, spent_in(ledger.rows(every=True), prices), batch)
        return Caller(
            ledger,
            on_progress=listener.on_progress,
            tell=listener.tell,
            engines=self.engines,
            budget=budget,
            patience_s=running.patience,
            batch_wait=running.batch_wait,
            replay=replay,
        )

    def check(self, to: str = "report") -> None:
        """Refuse what a stage up to `to` could not use, as `run` does before it asks anything; no key is needed.

        Raises
        ------
        BadInput
            For a model that nothing serves, a file that is missing or cannot be read, a judge that judges itself.
        """
        stages = self.stages(to)
        self._preflight(stages, self.population(stages), keys=False)

    def _preflight(self, stages: list[str], population: list[Model], *, keys: bool = True) -> None:
        """Refuse what a later stage could not use, before the first call is paid for."""
        _ = self.given
        file = self.file
        computed = [s for s in stages if STAGES[s].given not in file.inputs]
        called = population if {"elicit", "administer"} & set(computed) else []
        if "taxonomy" in computed and reads_models(file):
            scored = taxonomy.choose_models(population, file.taxonomy.intrinsic)
            called = called or scored
            if file.taxonomy.intrinsic.words != "lexicon":
                load_lexicon(file.taxonomy.intrinsic.words, self.folder)
        judges = [resolve(j) for j in file.judges if not isinstance(j, str)] if "judge" in computed else []
        if "lexicon" in computed and file.lexicon.judge is not None:
            judges.append(resolve(file.lexicon.judge))
        if "taxonomy" in computed and file.taxonomy.namer is not None:
            judges.append(resolve(file.taxonomy.namer))
        test = file.instrument
        if "instrument" in computed and test.writer is not None and test.file is None:
            judges.append(resolve(test.writer))
        for model in [*called, *judges] if keys else []:
            for variable in (model.settings.api_key_env, *model.settings.headers_env.values()):
                key_from_environment(variable)
        if "judge" in computed:
            projective.check_judges(file.judges, population)
            projective.read_ratings(self.folder)
        if "lexicon" in computed:
            open_lexicon(file.lexicon, self.folder)
            load_crosswalk(file.lexicon.crosswalk, self.folder)
        edits = edits_path(file.taxonomy.edits, self.folder) if "taxonomy" in stages else None
        if edits is not None:
            load_edits(edits)
        if "instrument" in computed:
            projective.check_files(test, self.folder)
        check_embedding(file.taxonomy.embedding, self.folder, key=keys)

    def stages(self, to: str) -> list[str]:
        """Return the stages that have to be up to date for `to`, in order, the report left out."""
        if to == "report":
            return self._reachable()
        if to not in STAGES:
            raise SettingError(f"'{to}' is no stage.", f"The stages are: {', '.join([*STAGES, 'report'])}.")
        return needed(to, self.file)

    def _reachable(self) -> list[str]:
        """What the report rests on: everything, or, where nobody is named to be asked, all that can be had without asking."""
        everything = whole(self.file)
        if self.file.models or self.file.population.matched or reads_models(self.file):
            return everything

        def asks(stages: list[str]) -> bool:
            own = [s for s in stages if STAGES[s].given not in self.file.inputs]
            return bool({"elicit", "administer"} & set(own))

        if not asks(everything):
            return everything
        silent = {stage for name in STAGES if not asks(path := needed(name, self.file)) for stage in path}
        return [name for name in STAGES if name in silent] or everything

    def _run_stage(self, stage: Stage, work: Work, manifest: Manifest) -> None:
        started = time.monotonic()
        fresh = self._fresh(manifest, work.population)
        key = fresh.key(stage)
        work.caller.concurrency = (
            self.file.elicitation.concurrency if stage.name == "elicit" else self.file.administration.concurrency
        )
        with single_thread(learning=stage.name not in ("elicit", "administer")):  # these ask models, and count
            made = stage.run(work)
        outputs: dict[str, str] = {}
        for name in stage.writes:
            if name in made:
                outputs |= {path.name: digest(path) for path in write(name, made[name], self.results)}
            else:
                for stale in files_of(name, self.results):
                    stale.unlink(missing_ok=True)
        manifest.stages[stage.name] = StageRecord(
            key=key,
            inputs=fresh.inputs(stage),
            outputs=outputs,
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - started, 2),
            counts={name: len(value) for name, value in made.items() if isinstance(value, pd.DataFrame)},
        )
        manifest.write(self.results)

    def _run_report(self, manifest: Manifest, listener: Listener) -> list[str]:
        if _reporter is None:
            raise SettingError("No report is loaded.", "Use valuelex.Study, or import valuelex.report first.")
        if self._fresh(manifest, []).state("report") == "done":
            listener.on_stage("report", "up to date")
            return []
        listener.on_stage("report", "run")
        started = time.monotonic()
        key = self._fresh(manifest, []).report_key()
        [path] = write("report", _reporter(self), self.results)
        manifest.stages["report"] = StageRecord(
            key,
            {},
            {path.name: digest(path)},
            datetime.now(UTC).isoformat(timespec="seconds"),
            round(time.monotonic() - started, 2),
        )
        manifest.write(self.results)
        listener.on_stage("report", "done")
        return ["report"]

    # ---- what is up to date ----

    def status(self) -> list[StageStatus]:
        """Return where every stage stands."""
        wanted = self.stages("report")
        manifest = self._manifest(claim_only=True)
        population = self.population([])
        out = []
        for name in STAGES:
            state = self._fresh(manifest, population).state(name) if name in wanted else "not needed"
            out.append(StageStatus(name, state, manifest.stages[name].counts if name in manifest.stages else {}))
        if NAME in manifest.stages:  # an optional step, shown where it has been run
            out.append(StageStatus(NAME, multiverse_state(self), manifest.stages[NAME].counts))
        return [*out, StageStatus("report", self._fresh(manifest, population).state("report"))]

    def is_done(self, stage: str) -> bool:
        """Whether a stage is up to date: what it wrote can be relied on."""
        manifest = self._manifest(claim_only=True)
        order = [*self.stages("report")]
        upstream = order[: order.index(stage) + 1] if stage in order else [stage]
        return all(self._fresh(manifest, self.population([])).state(name) == "done" for name in upstream)

    def _fresh(self, manifest: Manifest, population: list[Model]) -> Freshness:
        return Freshness(self.file, self.folder, self.results, manifest, population, self.path)

    def _manifest(self, *, claim_only: bool = False) -> Manifest:
        """The folder's manifest brought up to this file's settings, or a fresh one; written unless only looked at."""
        found = claim(self.results, self.file.name)
        stages = found.stages if found else {}
        plan = plan_hash(self.path) or (found.plan if found else "")
        manifest = Manifest(
            self.file.name, self.file.seed, plain(self.file), packages=packages(), stages=stages, plan=plan
        )
        if not claim_only:
            manifest.write(self.results)
        return manifest

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the results folder for one run; a killed process lets go of it by dying."""
        with writing(self.results):
            self.results.mkdir(parents=True, exist_ok=True)
        lock = self.results / ".lock"
        with writing(lock):
            handle = lock.open("w")
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ResultsFolderError(
                    f"{self.results}: another valuelex run is writing here.", "Wait for it to end, or stop it."
                ) from error
            except OSError:
                pass  # a file system without locks (some NFS): two runs at once cannot be told there
            yield


__all__ = ["Listener", "StageStatus", "Study", "read_manifest", "set_reporter"]
