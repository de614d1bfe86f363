"""The projective test as a task of Inspect AI: same stems, manual, administration and embedded judge as in a study."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import (
    Metric,
    SampleScore,
    Score,
    Scorer,
    ScoreReducer,
    Target,
    metric,
    score_reducer,
    scorer,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver

from valuelex.models import Response
from valuelex.models.seeds import call_seed
from valuelex.projective import AdministrationSettings, AnchorScorer, InstrumentSettings, build, open_reader
from valuelex.projective.administration.administer import read_answer
from valuelex.projective.text import bare
from valuelex.study.embedding import open_embedder
from valuelex.study.file import study_path
from valuelex.study.inspection.logs import MANUAL

EMBEDDING = "all-minilm-l6-v2"


@task
def projective(
    instrument: str = "",
    taxonomy: str = "valuelex",
    stems: int = 60,
    form: str = "",
    samples: int = 2,
    temperature: float = 0.7,
    top_p: float = 0.95,
    max_tokens: int = 120,
    seed: int = 7,
) -> Task:
    """Have a model complete sentence stems, and score the completions 0-6 on every scale with the embedded judge.

    Parameters
    ----------
    instrument : str
        A study's folder (its results/instrument.yaml) or an instrument.yaml; default: one is built from `taxonomy`.
    taxonomy : str
        valuelex, schwartz, moral-foundations, or a YAML file.
    stems : int
        Number of stems of a test that is built, both forms together.
    form : str
        A or B; default: both.
    samples : int
        Completions per stem (Inspect's epochs).
    temperature, top_p, max_tokens
        As in a study's `administration`.
    seed : int
        Of the order of stems, and of the calls: each gets its own.
    """
    items, manual = _instrument(instrument, taxonomy, stems, seed)
    asked = AdministrationSettings(temperature=temperature, top_p=top_p, max_tokens=max_tokens)
    if form:
        items = items[items["form"] == form]
    order = np.random.default_rng(seed).permutation(len(items))
    rows = items.iloc[order].astype(object).where(items.iloc[order].notna(), None).to_dict("records")
    dataset = [
        Sample(
            id=str(row["item_id"]),
            input=asked.instruction.replace("{stem}", bare(str(row["stem"]))),
            metadata={str(key): value for key, value in row.items()},
        )
        for row in rows
    ]
    return Task(
        dataset=MemoryDataset(dataset, name=f"valuelex projective test, {manual['taxonomy']}"),
        solver=complete(seed),
        scorer=embedded_judge(manual),
        epochs=Epochs(samples, applicable_samples()),
        config=GenerateConfig(temperature=temperature, top_p=top_p, max_tokens=max_tokens),
        metadata={MANUAL: manual},
    )


def _instrument(path: str, taxonomy: str, stems: int, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    folder, settings = Path(), InstrumentSettings(stems=stems, taxonomy=taxonomy)
    if path:
        place = Path(path) if Path(path).is_file() else study_path(path).parent / "results" / "instrument.yaml"
        folder, settings = place.parent, InstrumentSettings(file=place.name)
    made = build({}, settings, seed=seed, embedder=open_embedder(EMBEDDING, _silent), folder=folder)
    return made["instrument"], dict(made["manual"])


def _silent(message: str) -> None:
    """Inspect has the screen."""


@solver
def complete(seed: int) -> Solver:
    """Ask once, with a seed of its own for every stem and sample: with one for all, samples would be the same text."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        return await generate(state, seed=call_seed(seed, str(state.sample_id), state.epoch), cache=False)

    return solve


@score_reducer(name="valuelex_applicable")
def applicable_samples() -> ScoreReducer:
    """Mean over the samples of a stem that were applicable, scale by scale; Inspect's own mean would count the others as 0."""

    def reduce(scores: list[Score]) -> Score:
        values = [score.value for score in scores if isinstance(score.value, dict)]
        out: dict[str, str | int | float | bool | None] = {}
        for name in dict.fromkeys(name for value in values for name in value):
            levels = [float(v) for value in values if isinstance(v := value.get(name), (int, float))]
            out[name] = float(np.mean(levels)) if levels else None
        return Score(value=out, answer=scores[0].answer, explanation=scores[0].explanation)

    return reduce


@metric
def applicable_mean() -> Metric:
    """Mean level, 0-6, of what was applicable."""

    def compute(scores: list[SampleScore]) -> float:
        levels = _levels(scores)
        return float(np.mean(levels)) if levels else math.nan

    return compute


@metric
def applicable_stderr() -> Metric:
    """Standard error of that mean with stems as units: samples of one stem are no further stems."""

    def compute(scores: list[SampleScore]) -> float:
        by_stem: dict[Any, list[float]] = {}
        for one in scores:
            by_stem.setdefault(one.sample_id, []).extend(_levels([one]))
        means = [float(np.mean(levels)) for levels in by_stem.values() if levels]
        return float(np.std(means, ddof=1) / math.sqrt(len(means))) if len(means) > 1 else math.nan

    return compute


def _levels(scores: list[SampleScore]) -> list[float]:
    found = []
    for one in scores:
        value = one.score.value
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            found.append(float(value))
    return found


@scorer(metrics={"*": [applicable_mean(), applicable_stderr()]})
def embedded_judge(manual: Mapping[str, Any]) -> Scorer:
    """Score a completion on every scale of a manual; a scale that does not apply, or a refusal, has no value."""

    @cache
    def judge() -> AnchorScorer:
        return AnchorScorer(manual, open_embedder(EMBEDDING, _silent), open_reader(_silent))

    async def score(state: TaskState, target: Target) -> Score:
        stem = str(state.metadata["stem"])
        output = state.output
        response = Response(output.completion, finish_reason="length" if output.stop_reason == "max_tokens" else "stop")
        text, status, reason = read_answer(bare(stem), response, sentences=None)
        names = [str(entry["subdimension"]) for entry in manual["subdimensions"]]
        if status != "ok":
            return Score(value=dict.fromkeys(names), answer=text, explanation=f"{status}: {reason}")
        found = judge().score([text], [stem])
        value = {
            name: float(found.level[0, s]) if found.applicable[0, s] else None for s, name in enumerate(judge().scales)
        }
        why = "\n".join(f"{name}: {text}" for name, text in zip(judge().scales, found.rationale[0], strict=True))
        return Score(value=value, answer=text, explanation=why, metadata={"judge": "embedded", "status_reason": reason})

    return score
