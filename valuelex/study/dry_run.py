"""What a run would ask: calls, tokens and cost, before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass

from valuelex import elicitation, lexicon, projective, taxonomy
from valuelex.models import Ledger, Model, Request, resolve
from valuelex.models.calling.budget import tokens_in, tokens_out
from valuelex.models.engines.scoring import wants_scores
from valuelex.models.seeds import call_seed
from valuelex.study.manifest import LEDGER
from valuelex.study.stages import STAGES, reads_models
from valuelex.study.study import Study
from valuelex.tables import VALENCES

RUBRIC_TOKENS = 1200
"""About what the rubric of six scales takes."""

WORD_TYPES, WORD_TOKENS = 400, 130
"""About how many word types a survey gives to a judge of words, and what the question takes."""

PIECES, PIECE_TOKENS = 12, 250
"""About how many dimensions and subdimensions are named, and what the question takes."""

SCALES, STEM_TOKENS = 6, 300
"""About how many scales a taxonomy has, and what the question for stems takes."""


@dataclass(frozen=True)
class PlannedCalls:
    """Calls of one stage to one model.

    Attributes
    ----------
    planned, answered : int
        Calls in the design, and how many of them the ledger holds already.
    tokens_in, tokens_out : int
        Estimated tokens of the calls still to be made; `tokens_out` is the most that can come back.
    remote : bool
        Whether the calls leave this machine's own models: these may cost money.
    cost : float or None
        US dollars of the calls still to be made, at most; None where no price is known.
    exact : bool
        False where an earlier stage has yet to make the items, and the numbers follow from the settings alone.
    """

    stage: str
    model_id: str
    planned: int
    answered: int
    tokens_in: int
    tokens_out: int
    remote: bool
    cost: float | None
    exact: bool = True


def dry_run(study: Study, to: str = "report") -> list[PlannedCalls]:
    """Return the calls that `study.run(to)` would make, stage by stage and model by model."""
    stages = study.stages(to)
    population = study.population(stages)
    ledger = Ledger(study.results / LEDGER, mend=False)
    out: list[PlannedCalls] = []
    for name in stages:
        if STAGES[name].given in study.file.inputs:
            continue
        if name == "elicit":
            items = elicitation.plan(
                population,
                study.file.respondents,
                study.file.elicitation,
                seed=call_seed(study.file.seed, "elicit"),
                folder=study.folder,
            )
            out += _by_model(name, population, [item.request for item in items], ledger)
        elif name == "lexicon" and study.file.lexicon.judge is not None:
            out += _word_judge(study, study.file.lexicon.judge, ledger)
        elif name == "taxonomy":
            out += _intrinsic(study, population) if reads_models(study.file) else []
            out += _namer(study, study.file.taxonomy.namer, ledger) if study.file.taxonomy.namer is not None else []
        elif name == "instrument" and study.file.instrument.writer is not None and study.file.instrument.file is None:
            out += _writer(study, study.file.instrument.writer, ledger)
        elif name == "administer":
            out += _administer(study, population, ledger)
        elif name == "judge":
            out += _judge(study, population, ledger)
    return out


def _calls(
    stage: str, model: Model, n: tuple[int, int], tokens: tuple[int, int], *, exact: bool = True
) -> PlannedCalls:
    """One line of the plan; `n` is planned and answered, `tokens` in and out."""
    cost, price = (0.0 if model.embedded else None), model.entry.price
    if price is not None and not model.embedded:
        discount = 1 - price.batch_discount if model.settings.batch else 1.0
        cost = (tokens[0] * price.input + tokens[1] * price.output) / 1e6 * discount
    return PlannedCalls(stage, model.id, *n, *tokens, remote=not model.embedded, cost=cost, exact=exact)


def _by_model(stage: str, population: list[Model], requests: list[Request], ledger: Ledger) -> list[PlannedCalls]:
    mine: dict[str, list[Request]] = {model.id: [] for model in population}
    for request in requests:
        mine[request.model_id].append(request)
    out = []
    for model in population:
        planned = mine[model.id]
        todo = [r for r in planned if not ledger.answered(r.key)]
        # Of a model that runs here scoring costs no call per way of writing a word; nothing has to be paid for.
        sent = [r for r in todo if not (model.embedded and wants_scores(r))]
        tokens = sum(tokens_in(r) for r in sent), sum(tokens_out(r) for r in todo)
        out.append(_calls(stage, model, (len(planned), len(planned) - len(todo)), tokens))
    return out


def _intrinsic(study: Study, population: list[Model]) -> list[PlannedCalls]:
    """One text for each word in each frame, and one that tells which words are one token; all or none of them answered."""
    settings = study.file.taxonomy.intrinsic
    n_words = settings.max_words
    if settings.words == "lexicon" and study.is_done("lexicon"):
        n_words = min(n_words, len(study.read("lexicon")))
    n = 1 + n_words * taxonomy.texts_per_word(settings)
    models = taxonomy.choose_models(population, settings)
    answered = n if study.is_done("taxonomy") else 0
    tokens = (n - answered) * WORD_TOKENS
    return [_calls("taxonomy", model, (n, answered), (tokens, 0), exact=False) for model in models]


def _word_judge(study: Study, settings: lexicon.ValueJudgeSettings, ledger: Ledger) -> list[PlannedCalls]:
    """Which words will be judged is known once the step has run with the answers that there are."""
    if not study.is_done("lexicon"):
        tokens = (WORD_TYPES * WORD_TOKENS, WORD_TYPES * settings.max_tokens)
        return [_calls("lexicon", resolve(settings), (WORD_TYPES, 0), tokens, exact=False)]
    words = study.read("value_filter")["word"].drop_duplicates().tolist()
    model, requests = lexicon.plan_words(words, settings, seed=call_seed(study.file.seed, "lexicon"))
    return _by_model("lexicon", [model], requests, ledger)


def _namer(study: Study, settings: taxonomy.NamingSettings, ledger: Ledger) -> list[PlannedCalls]:
    """How many pieces there are is known once the step has run with the words that there are."""
    if not study.is_done("taxonomy"):
        tokens = (PIECES * PIECE_TOKENS, PIECES * settings.max_tokens)
        return [_calls("taxonomy", resolve(settings), (PIECES, 0), tokens, exact=False)]
    asked = study.read("naming")
    pieces, prompts = asked["piece"].astype(str).tolist(), asked["prompt"].astype(str).tolist()
    model, requests = taxonomy.plan_names(pieces, prompts, settings, seed=call_seed(study.file.seed, "taxonomy"))
    return _by_model("taxonomy", [model], requests, ledger)


def _writer(study: Study, settings: projective.WriterSettings, ledger: Ledger) -> list[PlannedCalls]:
    """One call for each scale and valence; the scales of the study's own taxonomy are known once it is made."""
    source = study.file.instrument.taxonomy
    if source == "own" and not study.is_done("taxonomy"):
        calls = SCALES * len(VALENCES)
        tokens = (calls * STEM_TOKENS, calls * settings.max_tokens)
        return [_calls("instrument", resolve(settings), (calls, 0), tokens, exact=False)]
    own = source == "own"
    scales = projective.own_scales(study.read("taxonomy")) if own else projective.named_scales(source, study.folder)
    model, requests = projective.plan_stems(scales, settings, seed=call_seed(study.file.seed, "instrument"))
    return _by_model("instrument", [model], requests, ledger)


def _administer(study: Study, population: list[Model], ledger: Ledger) -> list[PlannedCalls]:
    settings = study.file.administration
    table = study.given.get("instrument")
    if table is None and study.is_done("instrument"):
        table = study.read("instrument")
    if table is None:
        calls = study.file.instrument.stems * settings.samples
        tokens = (calls * 40, calls * settings.max_tokens)
        return [_calls("administer", model, (calls, 0), tokens, exact=False) for model in population]
    items = projective.plan(table, population, settings, seed=call_seed(study.file.seed, "administer"))
    return _by_model("administer", population, [item.request for item in items], ledger)


def _judge(study: Study, population: list[Model], ledger: Ledger) -> list[PlannedCalls]:
    judges = [j for j in study.file.judges if not isinstance(j, str)]
    if not judges:
        return []
    if not study.is_done("administer"):  # an earlier stage has yet to write what will be judged
        given = study.given.get("completions")
        own = study.file.instrument.stems * study.file.administration.samples * len(population)
        texts = own if given is None else len(given)
        out = []
        for j in judges:
            # Second judgements come on top; how many scales there are is not known before the test is built.
            calls = round(texts * (1 + j.repeat + j.reworded)) * (SCALES if j.ask == "each" else 1)
            out.append(
                _calls("judge", resolve(j), (calls, 0), (calls * RUBRIC_TOKENS, calls * j.max_tokens), exact=False)
            )
        return out
    items = projective.plan_judge(
        study.read("completions"),
        study.read("instrument"),
        study.read("manual"),
        judges=judges,
        seed=call_seed(study.file.seed, "judge"),
        population=population,
    )
    return _by_model("judge", [resolve(j) for j in judges], [item.request for item in items], ledger)
