"""Texts for people: what a model will see, where a word came from, which models there are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from valuelex import elicitation
from valuelex.errors import DataError, SettingError, ValuelexError
from valuelex.models import EndpointEngine, Model, ModelSettings, embedding_files, is_here, locate, registry, resolve
from valuelex.models.seeds import call_seed
from valuelex.projective import open_reader
from valuelex.study.study import Study


def show_prompt(study: Study, number: int) -> str:
    """Return what the model sees in call `number` (from 1) of the elicitation, with its parameters."""
    population = study.population(["elicit"])
    seed = call_seed(study.file.seed, "elicit")
    items = elicitation.plan(population, study.file.respondents, study.file.elicitation, seed=seed, folder=study.folder)
    if not 1 <= number <= len(items):
        raise SettingError(f"--item {number}: there are {len(items)} calls.", f"Give a number from 1 to {len(items)}.")
    item = items[number - 1]
    request = item.request
    head = (
        f"call {number} of {len(items)}: respondent {item.respondent.id}, prompt {item.prompt.id}, sample "
        f"{item.sample}, {item.elicitation}\ntemperature {request.temperature}, top_p {request.top_p}, max_tokens "
        f"{request.max_tokens}, seed {request.seed}, stop {list(request.stop)}, extra {sorted(request.extra)}"
    )
    if request.mode == "completion":
        return f"{head}\n--- text to continue\n{request.prompt}"
    return "\n".join([head, *(f"--- {role}\n{content}" for role, content in request.messages)])


def trace_word(study: Study, word: str) -> dict[str, Any]:
    """Return a word's places and loadings, its counts, and every answer it came from.

    Keys: word, n, n_kept, places (None without a taxonomy; else dimension, subdimension, cluster, factor, loading, communality,
    computed), mentions (raw, word, kept, reason, response_id, respondent_id, prompt_id, seed, text).

    Raises
    ------
    DataError
        If no answer holds the word.
    """
    words = study.read("words")
    wanted = " ".join(word.split()).lower()
    mine = words[words["word"].str.lower() == wanted]
    if mine.empty:
        raise DataError(f"No answer holds the word '{word}'.", "Words stand in their noun form: see results/words.csv.")
    try:
        responses = study.read("responses").set_index("response_id")
    except ValuelexError:
        responses = None
    mentions = []
    for row in mine.to_dict("records"):
        told = {key: row[key] for key in ("raw", "word", "kept", "reason", "response_id", "respondent_id")}
        told |= {"kept": bool(row["kept"]), "reason": row["reason"] if isinstance(row["reason"], str) else None}
        if responses is not None and row["response_id"] in responses.index:
            answer = responses.loc[row["response_id"]]
            told |= {"respondent_id": answer["respondent_id"], "prompt_id": answer["prompt_id"]}
            told |= {"seed": int(answer["seed"]), "text": answer["text"]}
        mentions.append({str(key): value for key, value in told.items()})
    kept = int(mine["kept"].sum())
    return {"word": wanted, "n": len(mine), "n_kept": kept, "places": _places(study, wanted), "mentions": mentions}


def _places(study: Study, word: str) -> list[dict[str, Any]] | None:
    try:
        found, edited = study.read("assignments"), study.document("taxonomy").get("edited")
    except ValuelexError:
        return None
    made = []
    for row in found[found["word"].str.lower() == word].to_dict("records"):
        names = ("dimension", "subdimension", "cluster", "factor", "loading", "communality")
        place = {name: None if pd.isna(row[name]) else row[name] for name in names}
        was, now = ([str(row[f"{p}{n}"]) for n in ("dimension", "subdimension")] for p in ("computed_", ""))
        made.append(place | {"computed": was if edited and was != now else None})
    return made


def show_trace(found: Mapping[str, Any]) -> str:
    """Return what `trace_word` found, as text."""
    lines = [f"word {found['word']}: {found['n']} times, {found['n_kept']} kept"]
    if found["places"] is None:
        lines.append("no taxonomy yet")
    for place in found["places"] or []:
        lines.append(
            f"dimension {place['dimension']}, subdimension {place['subdimension']}, cluster {place['cluster']}"
        )
        if place["computed"]:
            was = place["computed"]
            lines.append(f"computed: dimension {was[0]}, subdimension {was[1]}; the present place or name is by hand")
        lines.append(f"factor {place['factor']}, loading {place['loading']}, communality {place['communality']}")
    for row in found["mentions"]:
        why = f": {row['reason']}" if row["reason"] else ""
        lines.append(f"{row['raw']!r} -> {row['word']} ({'kept' if row['kept'] else 'set aside'}{why})")
        if "text" in row:
            lines.append(f"    {row['respondent_id']}, prompt {row['prompt_id']}, seed {row['seed']}: {row['text']!r}")
        else:
            lines.append(f"    {row['respondent_id']}, answer {row['response_id']}, of which the text was not given")
    return "\n".join(lines)


def list_models(study: Study | None) -> list[dict[str, Any]]:
    """Return the registry's models, or a study's, and whether each can be asked.

    Keys: id, family, parameters, training, mode, here (a sentence).
    """
    known = study.population([]) if study else [resolve(ModelSettings(id=m.id), asked=False) for m in registry().models]
    return [
        {
            "id": model.id,
            "family": model.entry.family,
            "parameters": model.entry.parameters,
            "training": model.entry.training,
            "mode": model.mode,
            "here": _whether(model),
        }
        for model in known
    ]


def show_models(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what `list_models` found, as text."""
    lines = [f"{'id':<28} {'family':<12} {'parameters':>11} {'training':<18} {'mode':<11} here"]
    for row in rows:
        size = f"{row['parameters']:.3g}" if row["parameters"] else "-"
        lines.append(
            f"{row['id']:<28} {row['family'] or '-':<12} {size:>11} {row['training'] or '-':<18} {row['mode']:<11} "
            f"{row['here']}"
        )
    return "\n".join(lines)


def _whether(model: Model) -> str:
    if model.embedded:
        if model.in_process:
            return "from the model hub, with the extra transformers"
        if model.entry.artifact is None:
            return "give base_url"
        return "file here" if is_here(model.entry.artifact) else "fetched when needed"
    try:
        engine = model.engine()
        assert isinstance(engine, EndpointEngine)
        asyncio.run(_try(engine))
    except ValuelexError as error:
        return error.what
    return "answers"


async def _try(engine: EndpointEngine) -> None:
    try:
        await engine.check()
    finally:
        await engine.close()


def fetch_models(study: Study | None, *, tell: Callable[[str], None]) -> None:
    """Fetch and verify the files of the embedded models and of the embedding model, and build the embedded judge's reader.

    Raises
    ------
    ArtifactError
        If a file cannot be had or is another file.
    """
    models = (
        study.population([]) if study else [resolve(ModelSettings(id=m.id), asked=False) for m in registry().models]
    )
    for model in models:
        if model.embedded and model.entry.artifact is not None:
            tell(f"{model.id}: {locate(model.entry.artifact, tell=tell)} verified")
    name = study.file.taxonomy.embedding if study else registry().embeddings[0].id
    if ":" not in name:
        for role, path in embedding_files(name, tell=tell).items():
            tell(f"{name} ({role}): {path} verified")
    if study is None or "embedded" in study.file.judges:
        reader = open_reader(tell)
        tell(f"{reader.name}: the embedded judge's reader has learnt from {len(reader.learnt.level):,} contrasts")
