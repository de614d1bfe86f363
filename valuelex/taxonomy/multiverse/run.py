"""Which of the study's dimensions come back under every other defensible choice?

A multiverse analysis (Steegen, Tuerlinckx, Gelman & Vanpaemel, 2016, Perspectives on Psychological Science 11, 702-712),
drawn as a specification curve (Simonsohn, Simmons & Nelson, 2020, Nature Human Behaviour 4, 1208-1214).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import ValuelexError
from valuelex.semantics import Embedder
from valuelex.taxonomy.matrix import of_one_mode
from valuelex.taxonomy.multiverse.analyses import (
    Clustered,
    ClusterKey,
    Row,
    Task,
    analyse_all,
    extraction_key,
    find_clusters,
)
from valuelex.taxonomy.multiverse.cache import Kept
from valuelex.taxonomy.multiverse.compare import Reference, own_reference, published_reference
from valuelex.taxonomy.multiverse.grid import Cell, Grid, make_grid, own_cell
from valuelex.taxonomy.multiverse.settings import MultiverseSettings
from valuelex.taxonomy.multiverse.source import Source
from valuelex.taxonomy.multiverse.tables import ANALYSED, CLOSED, came_back, cell_table, dimension_table, effect_table
from valuelex.taxonomy.multiverse.views import View, make_view
from valuelex.taxonomy.multiverse.wording import headlines
from valuelex.taxonomy.run import texts_of
from valuelex.taxonomy.settings import TaxonomySettings

FloatArray = NDArray[np.float64]
ViewKey = tuple[str, str, str]

FOLDER = ".multiverse"
"""Where a study keeps what was computed, in its results; it may be deleted at any time."""

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Multiverse:
    """What came of all analyses.

    Attributes
    ----------
    cells, dimensions, effects : DataFrame
        The tables `multiverse`, `multiverse_dimensions`, `multiverse_effects`.
    about : dict
        The document: sizes, thresholds, and a sentence for each dimension.
    """

    cells: pd.DataFrame
    dimensions: pd.DataFrame
    effects: pd.DataFrame
    about: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """One row per analysis."""
        return self.cells

    def summary(self) -> str:
        """How often each dimension comes back, and what moves it."""
        return "\n".join([*self.about["findings"], *self.about["notes"]])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.summary())}</p>{self.dimensions.to_html(max_rows=20)}"

    def outputs(self) -> dict[str, Any]:
        """Tables and document, by their names in the results."""
        return {
            "multiverse": self.cells,
            "multiverse_dimensions": self.dimensions,
            "multiverse_effects": self.effects,
            "multiverse_summary": self.about,
        }


def multiverse(
    source: Source,
    settings: MultiverseSettings,
    own: TaxonomySettings,
    *,
    seed: int,
    embedders: Callable[[str], Embedder],
    sampling_seed: int | None = None,
    n_jobs: int | None = None,
    cache: Path | None = None,
    code: str = "",
    on_progress: OnProgress = lambda done, planned: None,
) -> Multiverse:
    """Make every analysis of the grid and compare it with the study's own.

    An analysis is what `run` makes of the same words with other settings; no bootstrap and no null control is run in it.

    Parameters
    ----------
    source : Source
    settings : MultiverseSettings
        The grid.
    own : TaxonomySettings
        The study's own choices; what the grid does not vary stays as it stands there.
    seed : int
        Of each analysis: that of the study's own taxonomy.
    embedders : callable
        From the name of an embedding to its embedder. All are opened before anything is computed.
    sampling_seed : int, optional
        Of the draw of `max_cells`; default: `seed`.
    n_jobs : int, optional
        Worker processes. None takes what `joblib.parallel_config` says, else every core.
    cache : Path, optional
        Folder in which extractions are kept; a run that was stopped goes on from there.
    code : str
        Digest of the code, part of the name under which things are kept.
    on_progress : callable
        Called with the shared tasks that are done, and their number.

    Raises
    ------
    SettingError
        For a grid that cannot be; see `make_grid`.
    """
    source = replace(source, words=of_one_mode(source.words, own.elicitation))
    grid = make_grid(
        settings,
        own,
        source.prompt_ids(),
        seed=seed if sampling_seed is None else sampling_seed,
        unavailable=source.unavailable(),
    )
    opened = {name: embedders(name) for name in grid.levels["embedding"]}
    published = published_reference(source.crosswalk)
    references = [own_reference(source.assignments), *([published] if published else [])]
    work = _Work(source, grid, own, seed, opened, references, n_jobs, cache, code)
    rows = work.rows(on_progress)
    cells = cell_table(grid, rows, own_cell(own))
    analysed = (cells["status"] == ANALYSED).to_numpy(dtype=bool)
    done = cells[analysed]
    factorable = done["factorable"].to_numpy(dtype=bool)
    needs_factors = not source.by_meaning_alone()
    jaccards, backs = {}, {}
    for reference in references:
        found = [row["jaccard"][reference.taxonomy] for row in rows if row["status"] == ANALYSED]
        jaccards[reference.taxonomy] = np.array(found).reshape(len(found), len(reference.names))
        backs[reference.taxonomy] = came_back(
            jaccards[reference.taxonomy], factorable, threshold=settings.comes_back, needs_factors=needs_factors
        )
    dimensions = dimension_table(grid, done, references, jaccards, backs)
    effects = effect_table(done, references, backs)
    about: dict[str, Any] = {
        "n_grid": grid.size,
        "n_cells": len(cells),
        "sampled": grid.sampled,
        "n_analysed": len(done),
        "n_factorable": int(factorable.sum()),
        "comes_back": settings.comes_back,
        "needs_factors": needs_factors,
        "own_in_grid": bool(cells["own"].any()),
        "seed": seed,
    }
    about |= headlines(about, cells, dimensions, effects)
    return Multiverse(cells, dimensions, effects, about)


@dataclass(frozen=True, eq=False)
class _Work:
    """The grid, cut into shared tasks."""

    source: Source
    grid: Grid
    own: TaxonomySettings
    seed: int
    embedders: Mapping[str, Embedder]
    references: Sequence[Reference]
    n_jobs: int | None
    cache: Path | None
    code: str

    def rows(self, on_progress: OnProgress) -> list[Row]:
        """A row for every cell, in the order of the grid."""
        out: dict[int, Row] = {}
        by_view: dict[ViewKey, list[tuple[int, Cell]]] = defaultdict(list)
        for number, cell in enumerate(self.grid.cells):
            reason = self.grid.closed(cell, self.own)
            if reason:
                out[number] = {"status": CLOSED, "reason": reason}
            else:
                by_view[cell.prompts, cell.normalisation, cell.filter].append((number, cell))
        views: dict[ViewKey, View] = {}
        for key, cells in by_view.items():
            try:
                views[key] = self._view(key)
            except ValuelexError as error:
                out |= {number: {"status": CLOSED, "reason": error.what} for number, _ in cells}
        vectors = {
            (key, name): np.asarray(embedder.encode(texts_of(view.lexicon)), dtype=np.float64)
            for key, view in views.items()
            for name, embedder in self.embedders.items()
        }
        clusters = self._clusters(by_view, views, vectors)
        tasks = list(self._groups(by_view, views))
        on_progress(0, len(tasks))
        made = self._spread(
            analyse_all, ((self._task(*group, views, vectors, clusters),) for group in tasks), len(tasks)
        )
        for done, rows in enumerate(made, start=1):
            out |= dict(rows)
            on_progress(done, len(tasks))
        return [out[number] for number in range(len(self.grid.cells))]

    def _view(self, key: ViewKey) -> View:
        prompts, normalisation, rule = key
        subset, rows = self.grid.subsets[prompts], None
        words = self.source.words
        asked = self.source.prompts() if subset is not None else None
        if subset is not None and asked is not None:
            rows = asked.isin(list(subset))
        return make_view(
            words,
            self.source.lexicon,
            rows=rows,
            normalisation=normalisation,
            allowed=self.source.allowed(rule),
            least_respondents=self.source.least_respondents,
        )

    def _clusters(
        self,
        by_view: Mapping[ViewKey, Sequence[tuple[int, Cell]]],
        views: Mapping[ViewKey, View],
        vectors: Mapping[tuple[ViewKey, str], FloatArray],
    ) -> dict[ViewKey, dict[ClusterKey, Clustered]]:
        """Clusters of meaning of each view's words: once for each embedding, clustering and number."""
        wanted: list[tuple[ViewKey, str, list[ClusterKey]]] = []
        for key in views:
            keys = dict.fromkeys((c.embedding, c.clustering, c.n_clusters) for _, c in by_view[key])
            wanted += [(key, name, [k for k in keys if k[0] == name]) for name in self.embedders]
        arguments = ((vectors[key, name], keys, self.seed) for key, name, keys in wanted)
        out: dict[ViewKey, dict[ClusterKey, Clustered]] = defaultdict(dict)
        made = self._spread(find_clusters, arguments, len(wanted))
        for (key, _, _), found in zip(wanted, made, strict=True):
            out[key] |= found
        return out

    def _groups(
        self, by_view: Mapping[ViewKey, Sequence[tuple[int, Cell]]], views: Mapping[ViewKey, View]
    ) -> Iterator[tuple[ViewKey, list[tuple[int, Cell]]]]:
        """Cells that share their data: what is correlated, and the permutation test of it."""
        for key in views:
            shared: dict[tuple[Any, ...], list[tuple[int, Cell]]] = defaultdict(list)
            for number, cell in by_view[key]:
                shared[cell.matrix, cell.association, cell.min_prevalence].append((number, cell))
            yield from ((key, cells) for cells in shared.values())

    def _task(
        self,
        key: ViewKey,
        cells: list[tuple[int, Cell]],
        views: Mapping[ViewKey, View],
        vectors: Mapping[tuple[ViewKey, str], FloatArray],
        clusters: Mapping[ViewKey, dict[ClusterKey, Clustered]],
    ) -> Task:
        view, first = views[key], cells[0][1]
        update = {"matrix": first.matrix, "association": first.association, "min_prevalence": first.min_prevalence}
        settings = self.own.model_copy(update=update)
        path = None if self.cache is None else self.cache / f"{self._digest(view, settings)}.jsonl"
        kept = Kept(path)
        known = kept.ground is not None and (
            bool(kept.ground.reasons) or all(extraction_key(cell) in kept.solved for _, cell in cells)
        )
        matrix = None if known else view.matrix(first.matrix)  # type: ignore[arg-type]
        return Task(
            cells,
            matrix,
            None if matrix is None else view.models(matrix),
            settings,
            [str(w) for w in view.lexicon["word"]],
            {name: vectors[key, name] for name in self.embedders},
            clusters[key],
            [(r, r.labels(view.family), r.labels(view.family, pieces=True)) for r in self.references],
            self.seed,
            path,
        )

    def _digest(self, view: View, settings: TaxonomySettings) -> str:
        """What can move an extraction from this data: the data, the settings of the study and of the cells, the code."""
        cells = ("n_factors", "method", "rotation", "embedding", "clustering", "n_clusters", "outer", "bootstrap")
        stands = {k: v for k, v in settings.model_dump(mode="json").items() if k not in cells}
        text = json.dumps([view.digest, stands, self.seed, self.code], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _spread(self, function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]], n: int) -> Iterator[Any]:
        """Yield `function(*a)` for each of the arguments, in order, from as many workers as are wanted."""
        from joblib import Parallel, delayed
        from joblib.parallel import get_active_backend

        configured = get_active_backend()[1]
        jobs = self.n_jobs if self.n_jobs is not None else configured if configured is not None else -1
        if jobs == 1 or n < 2:
            yield from (function(*a) for a in arguments)
            return
        yield from Parallel(n_jobs=jobs, return_as="generator")(delayed(function)(*a) for a in arguments)
