"""What is handed over: a study's tables, what is known of each, and its factor analysis where it can be had again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from valuelex._version import __version__
from valuelex.errors import ResultsFolderError, ValuelexError
from valuelex.models.seeds import call_seed
from valuelex.psychometrics import EFAResult
from valuelex.report.evidence import Evidence
from valuelex.study import Study
from valuelex.tables import TABLES
from valuelex.taxonomy import factored_again


@dataclass(frozen=True)
class Written:
    """A file that was made, and what a reader has to know of it."""

    name: str
    about: str


class Source:
    """A finished study, read once.

    Parameters
    ----------
    study : Study

    Raises
    ------
    ResultsFolderError
        If its results hold no table.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.evidence = Evidence(study)
        found = {name: self.evidence.table(name) for name in TABLES}
        self.tables: dict[str, pd.DataFrame] = {name: table for name, table in found.items() if table is not None}
        if not self.tables:
            raise ResultsFolderError(
                f"{study.results}: holds no tables.", f"Run the study first: valuelex run {study.folder}"
            )

    @property
    def name(self) -> str:
        return self.study.file.name

    def table(self, name: str) -> pd.DataFrame:
        """A table, empty where the results lack it."""
        return self.tables.get(name, pd.DataFrame())

    @cached_property
    def stale(self) -> list[str]:
        """Steps whose tables are older than the settings."""
        return [step for step, state in self.evidence.states.items() if state == "stale" and step != "report"]

    @cached_property
    def solution(self) -> EFAResult | str:
        """The factor analysis of the words, or the reason why there is none."""
        adequacy, loadings = self.evidence.document("adequacy"), self.tables.get("loadings")
        if adequacy is None or loadings is None or "words" not in self.tables or "lexicon" not in self.tables:
            return "The study has no factor analysis of words."
        if not adequacy["factorable"] or loadings.empty:
            return f"The words were not factored. {' '.join(str(r) for r in adequacy['reasons'])}"
        try:
            return factored_again(
                self.tables["words"],
                self.tables["lexicon"],
                loadings,
                self.study.file.taxonomy,
                core=list(adequacy.get("msa") or {}),
                seed=call_seed(self.study.file.seed, "taxonomy"),
            )
        except ValuelexError as error:
            return str(error)

    def models(self) -> pd.DataFrame:
        """One row a model: what is known of it, and its scores on every dimension and subdimension (mean and adjusted)."""
        facts = self.evidence.facts.copy()
        facts.index.name = "model_id"
        wide = facts.reset_index()
        scores = self.table("scores")
        if len(scores):
            for level in ("dimension", "subdimension"):
                for value in ("mean", "adjusted"):
                    mine = scores[scores["level"] == level].pivot(index="model_id", columns="dimension", values=value)
                    mine.columns = [f"{value}: {name}" + (" (sub)" if level == "subdimension" else "") for name in mine]
                    wide = wide.merge(mine.reset_index(), on="model_id", how="left")
        return wide

    def items(self) -> dict[str, pd.DataFrame]:
        """Each dimension's items side by side: one row a model and sample, one column an item, judges averaged."""
        table = self.table("item_scores")
        if table.empty or table["item_id"].isna().all():
            return {}
        made = {}
        for (level, dimension), mine in table[table["item_id"].notna()].groupby(["level", "dimension"], sort=True):
            wide = mine.pivot_table(
                index=["model_id", "sample_index"], columns="item_id", values="score", aggfunc="mean"
            )
            if wide.shape[1] > 1:
                name = str(dimension) + (" (sub)" if level == "subdimension" else "")
                made[name] = wide.astype(float).reset_index()
        return made

    def ratings(self) -> pd.DataFrame:
        """Judgements side by side: one row a completion and scale, one column a judge; empty with one judge."""
        table = self.table("judgements")
        if table.empty or table["judge_id"].nunique() < 2:
            return pd.DataFrame()
        wide = table.pivot_table(
            index=["completion_id", "dimension"], columns="judge_id", values="score", aggfunc="mean"
        )
        return wide.astype(float).reset_index()


def readme(source: Source, target: str, what: str, files: list[Written], notes: list[str]) -> str:
    """The README of a folder: what it is, how it was made, what each file is, where numbers can differ."""
    manifest = source.evidence.manifest
    version = __version__ if manifest is None else manifest.valuelex
    seed = source.study.file.seed
    lines = [
        f"{MARK} {target}: {source.name}",
        "",
        what,
        f"Made by valuelex {__version__} from results of valuelex {version}, seed {seed}.",
    ]
    if source.stale:
        lines += [
            "",
            f"NOTE: settings, inputs or code have changed since these steps were run: {', '.join(source.stale)}.",
        ]
    wide = max([len(file.name) for file in files], default=0) + 2
    lines += ["", *(f"{file.name:<{wide}}{file.about}" for file in files)]
    if notes:
        lines += ["", *(f"- {note}" for note in notes)]
    lines += ["", "What models answered stands in these files as it came: it is data, neither checked nor endorsed."]
    return "\n".join(lines) + "\n"


MARK = "valuelex export"
"""How the README of a folder begins that an export made, and that the next one may replace."""


def put(folder: Path, name: str, content: str | bytes) -> None:
    """Write one file of a folder that is being made."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", errors="replace"))
