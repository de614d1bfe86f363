"""``valuelex multiverse``: an optional step that `run` does not include, since it makes thousands of analyses.

It reads what the steps lexicon and taxonomy made, and is recorded in the manifest as they are, so that the report can say
whether it is up to date.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from valuelex import elicitation, taxonomy
from valuelex.errors import SettingError
from valuelex.models import Progress
from valuelex.models.seeds import call_seed
from valuelex.psychometrics.threads import single_thread
from valuelex.study.embedding import check_embedding, open_embedder, precomputed_file
from valuelex.study.freshness import plain
from valuelex.study.manifest import Manifest, StageRecord, claim, sources_digest
from valuelex.tables import digest, digest_json, files_of, write

if TYPE_CHECKING:
    from valuelex.semantics import Embedder
    from valuelex.study.study import Listener, Study

NAME = "multiverse"
READS = ("words", "lexicon", "assignments", "responses", "crosswalk", "value_filter")
"""The first three must be there; the others where the study has them."""


@dataclass(frozen=True)
class MultiverseRun:
    """What a run of the step did.

    Attributes
    ----------
    ran : bool
        False where everything was up to date.
    about : dict
        The document that says what was found.
    """

    ran: bool
    about: dict[str, Any]


def run_multiverse(
    study: Study, *, cells: int | None = None, n_jobs: int | None = None, listener: Listener | None = None
) -> MultiverseRun:
    """Make every analysis of the grid that is not made yet, the steps before it first where they are not up to date.

    Parameters
    ----------
    study : Study
    cells : int, optional
        Draw so many cells, in place of what the study file says. The results are then not those of the study file, and the
        step counts as stale.
    n_jobs : int, optional
        Worker processes; see `taxonomy.multiverse`.
    listener : Listener, optional

    Raises
    ------
    BadInput
        For a grid that cannot be, before anything is computed.
    """
    from valuelex.study.study import Listener

    listener = listener or Listener()
    study = _with_cells(study, cells)
    file = study.file
    _grid(study)
    embedders = _open(study, listener.tell)
    if "assignments" in file.inputs:
        study.run("lexicon", listener=listener)  # the analyses need the words, which the given dimensions do without
    study.run("taxonomy", listener=listener)
    with study.locked():
        manifest = study._manifest()
        if _state(study, manifest) == "done":
            listener.on_stage(NAME, "up to date")
            return MultiverseRun(False, study.document("multiverse_summary"))
        listener.on_stage(NAME, "run")
        started, key = time.monotonic(), _key(study, manifest)
        with single_thread():
            made = taxonomy.multiverse(
                _source(study, manifest),
                file.multiverse,
                file.taxonomy,
                seed=call_seed(file.seed, "taxonomy"),
                sampling_seed=call_seed(file.seed, NAME),
                embedders=embedders.__getitem__,
                n_jobs=n_jobs,
                cache=study.results / taxonomy.MULTIVERSE_FOLDER,
                code=sources_digest("taxonomy"),
                on_progress=_teller(listener, started),
            )
        outputs = {
            path.name: digest(path)
            for name, value in made.outputs().items()
            for path in write(name, value, study.results)
        }
        manifest.stages[NAME] = StageRecord(
            key,
            _inputs(study, manifest),
            outputs,
            datetime.now(UTC).isoformat(timespec="seconds"),
            round(time.monotonic() - started, 2),
            {name: len(value) for name, value in made.outputs().items() if isinstance(value, pd.DataFrame)},
        )
        manifest.write(study.results)
        listener.on_stage(NAME, "done")
    return MultiverseRun(True, made.about)


def plan_multiverse(study: Study, *, cells: int | None = None) -> dict[str, int]:
    """Return what a run would have to do: cells, those that cannot be, and the tasks that they share.

    Before there are answers the prompts are those of the study file.
    """
    study = _with_cells(study, cells)
    for name in _embeddings(study):
        check_embedding(name, study.folder)
    return _grid(study).work(study.file.taxonomy)


def multiverse_state(study: Study) -> str:
    """Return missing, stale or done."""
    manifest = claim(study.results, study.file.name)
    return "missing" if manifest is None else _state(study, manifest)


def _state(study: Study, manifest: Manifest) -> str:
    record = manifest.stages.get(NAME)
    if record is None:
        return "missing"
    places = {name: study.results / name for name in record.outputs}
    whole = all(place.is_file() and digest(place) == record.outputs[name] for name, place in places.items())
    return "done" if whole and record.key == _key(study, manifest) else "stale"


def _key(study: Study, manifest: Manifest) -> str:
    """Hash of all that can move the outputs: the grid, the study's own choices, the tables, the code."""
    file = study.file
    vectors = [precomputed_file(name) for name in _embeddings(study)]
    return digest_json(
        {
            "stage": NAME,
            "seed": file.seed,
            "settings": [plain(file.multiverse), plain(file.taxonomy), file.lexicon.min_respondents],
            "inputs": _inputs(study, manifest),
            "files": {v: digest(study.folder / v) for v in vectors if v is not None and (study.folder / v).is_file()},
            "sources": sources_digest("taxonomy"),
        }
    )


def _inputs(study: Study, manifest: Manifest) -> dict[str, str]:
    """SHA-256 of the tables that are read, as the steps that wrote them recorded it."""
    made = {
        file: sha for name, record in manifest.stages.items() if name != NAME for file, sha in record.outputs.items()
    }
    names = [files_of(name, study.results)[0].name for name in READS if not _left_over(study, name)]
    return {name: made.get(name, "missing") for name in names}


def _left_over(study: Study, table: str) -> bool:
    """Whether a table that may lie in the results has nothing to do with this study's words: these were given."""
    return "words" in study.file.inputs and table in ("responses", "value_filter")


def _source(study: Study, manifest: Manifest) -> taxonomy.Source:
    recorded = _inputs(study, manifest)
    there = {t for t in READS if recorded.get(files_of(t, study.results)[0].name, "missing") != "missing"}
    tables = {name: study.read(name) for name in READS if name in there or name in READS[:3]}
    return taxonomy.Source(**tables, least_respondents=study.file.lexicon.min_respondents)


def _with_cells(study: Study, cells: int | None) -> Study:
    from valuelex.study.study import Study

    file = study.file
    asked = file.taxonomy
    if asked.structure == "intrinsic" and asked.intrinsic.words != "lexicon" and "words" not in file.inputs:
        raise SettingError(
            "This study asks no model for words (taxonomy.structure: intrinsic, of a list of words): there is nothing to "
            "analyse otherwise.",
            "Set taxonomy.intrinsic.words to lexicon, or another structure.",
        )
    if cells is None:
        return study
    if cells < 1:
        raise SettingError(f"--cells {cells} is out of range.", "Give at least 1.")
    changed = file.multiverse.model_copy(update={"max_cells": cells})
    out = Study(study.path, file.model_copy(update={"multiverse": changed}))
    out.engines = study.engines
    return out


def _grid(study: Study) -> Any:
    """The grid as far as it can be known before the words are; raises what it cannot be."""
    file = study.file
    unavailable: Mapping[tuple[str, str], str] = {}
    if all(files_of(name, study.results)[0].is_file() for name in READS[:3]):
        manifest = claim(study.results, file.name)
        source = None if manifest is None else _source(study, manifest)
        prompts = None if source is None else source.prompt_ids()
        unavailable = {} if source is None else source.unavailable()
    elif "words" in file.inputs:
        prompts = None
    elif "responses" in file.inputs:
        prompts = sorted({str(p) for p in study.given["responses"]["prompt_id"].dropna()})
    else:
        prompts = [p.id for p in elicitation.load_prompts(file.elicitation.prompts, study.folder)]
    seed = call_seed(file.seed, NAME)
    return taxonomy.make_grid(file.multiverse, file.taxonomy, prompts, seed=seed, unavailable=unavailable)


def _embeddings(study: Study) -> list[str]:
    return [study.file.taxonomy.embedding if name == "study" else name for name in study.file.multiverse.embedding]


def _open(study: Study, tell: Callable[[str], None]) -> dict[str, Embedder]:
    """Every embedding of the grid, so that one that cannot be opened is refused before anything is computed."""
    return {name: open_embedder(name, tell, study.folder, results=study.results) for name in _embeddings(study)}


def _teller(listener: Listener, started: float) -> Callable[[int, int], None]:
    def tell(done: int, planned: int) -> None:
        left = (time.monotonic() - started) / done * (planned - done) if done else None
        listener.on_progress(Progress(NAME, "analyses", done, planned, 0.0, left, "shared tasks"))

    return tell
