"""Texts for people: what a model will see, where a word came from, which models there are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

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
        f"call {number} of {len(items)}: respondent {item.respondent.id}, prompt {item.prompt.id}, sample {item.sample}, "
        f"{item.elicitation}\ntemperature {request.temperature}, top_p {request.top_p}, max_tokens {request.max_tokens}, "
        f"seed {request.seed}, stop {list(request.stop)}, extra {sorted(request.extra)}"
    )
    if request.mode == "completion":
        return f"{head}\n--- text to continue\n{request.prompt}"
    return "\n".join([head, *(f"--- {role}\n{content}" for role, content in request.messages)])


def show_trace(study: Study, word: str) -> str:
    """Return a word's loading, cluster, counts, and every answer it came from.

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
    lines = [f"word {wanted}: {len(mine)} times, {int(mine['kept'].sum())} kept"]
    try:
        found = study.read("assignments")
        for row in found[found["word"].str.lower() == wanted].to_dict("records"):
            lines.append(f"dimension {row['dimension']}, subdimension {row['subdimension']}, cluster {row['cluster']}")
            was, now = ((str(row[f"{p}dimension"]), str(row[f"{p}subdimension"])) for p in ("computed_", ""))
            if study.document("taxonomy").get("edited") and was != now:
                lines.append(
                    f"computed: dimension {was[0]}, subdimension {was[1]}; the present place or name is by hand"
                )
            lines.append(f"factor {row['factor']}, loading {row['loading']}, communality {row['communality']}")
    except ValuelexError:
        lines.append("no taxonomy yet")
    try:
        responses = study.read("responses").set_index("response_id")
    except ValuelexError:
        responses = None
    for row in mine.to_dict("records"):
        why = f": {row['reason']}" if isinstance(row["reason"], str) and row["reason"] else ""
        lines.append(f"{row['raw']!r} -> {row['word']} ({'kept' if row['kept'] else 'set aside'}{why})")
        if responses is not None and row["response_id"] in responses.index:
            answer = responses.loc[row["response_id"]]
            lines.append(
                f"    {answer['respondent_id']}, prompt {answer['prompt_id']}, seed {answer['seed']}: {answer['text']!r}"
            )
        else:
            lines.append(f"    {row['respondent_id']}, answer {row['response_id']}, of which the text was not given")
    return "\n".join(lines)


def show_models(study: Study | None) -> str:
    """Return the registry, or a study's models with whether each can be asked."""
    known = study.population([]) if study else [resolve(ModelSettings(id=m.id), asked=False) for m in registry().models]
    lines = [f"{'id':<28} {'family':<12} {'parameters':>11} {'training':<18} {'mode':<11} here"]
    for model in known:
        size = f"{model.entry.parameters:.3g}" if model.entry.parameters else "-"
        lines.append(
            f"{model.id:<28} {model.entry.family or '-':<12} {size:>11} {model.entry.training or '-':<18} {model.mode:<11} "
            f"{_whether(model)}"
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
