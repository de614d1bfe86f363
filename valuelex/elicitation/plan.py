"""The design: every call of the elicitation, and its place in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valuelex.elicitation.balance import balanced_fraction
from valuelex.elicitation.closed import constraint, load_vocabulary
from valuelex.elicitation.examples import load_examples, show
from valuelex.elicitation.prompts import Wording, completion_text, load_neutral, load_prompts, messages, prompts_for
from valuelex.elicitation.respondents import Respondent, respondents, scored_respondents
from valuelex.elicitation.settings import Asking, ElicitationSettings, ExampleSet, Prompt, RespondentSettings
from valuelex.errors import StudyFileError
from valuelex.models import Model, Request
from valuelex.models.engines.scoring import scoring
from valuelex.models.seeds import call_seed, short_id


@dataclass(frozen=True)
class Item:
    """One planned call.

    Attributes
    ----------
    baseline : bool
        Whether it scores the vocabulary under the neutral frame: such a call is part of no answer.
    """

    respondent: Respondent
    wording: Wording
    sample: int
    elicitation: Asking
    request: Request
    baseline: bool = False

    @property
    def prompt(self) -> Prompt:
        return self.wording.prompt

    @property
    def response_id(self) -> str:
        return short_id(self.respondent.id, self.prompt.id, self.sample, self.elicitation, *_further(self.wording))

    @property
    def place(self) -> dict[str, Any]:
        """Where the call stands in the design; the ledger keeps it beside the call, so that it can be read without the plan."""
        who = self.respondent
        return {
            "respondent_id": who.id,
            "prompt_id": self.prompt.id,
            "persona": who.persona.id if who.persona else None,
            "elicitation": self.elicitation,
            "language": who.language,
            "wording": self.prompt.wording,
            "order": self.wording.order,
            "examples": self.wording.examples,
        }


def _further(wording: Wording) -> tuple[str | int, ...]:
    """The factors that a cell's name leaves out where they do not vary: ids and seeds of simpler designs stay as they are."""
    return (wording.order, wording.examples or "") if wording.order or wording.examples else ()


def plan(
    population: Sequence[Model], who: RespondentSettings, settings: ElicitationSettings, *, seed: int, folder: Path
) -> list[Item]:
    """Return every call of the elicitation, in order: model, mode, respondent, prompt, order, examples, sample.

    Raises
    ------
    StudyFileError
        If the prompts, examples or vocabulary cannot be used, or a mode is offered by no model.
    """
    design = _Design(population, who, settings, seed, folder)
    return [item for model in population for item in design.of(model)]


class _Design:
    """All that the calls of a study have in common."""

    def __init__(
        self,
        population: Sequence[Model],
        who: RespondentSettings,
        settings: ElicitationSettings,
        seed: int,
        folder: Path,
    ) -> None:
        self.settings, self.seed = settings, seed
        self.prompts = load_prompts(settings.prompts, folder)
        self.neutral = load_neutral(settings.prompts, folder)
        self.examples = load_examples(settings.few_shot, folder)
        self.modes = {model.id: offered(model, settings.modes) for model in population}
        _check_modes(self.modes, settings.modes)
        limited = {"closed", "logprob"} & set(settings.modes)
        self.vocabulary = load_vocabulary(settings.vocabulary, folder) if limited else []
        self.sampled = respondents(population, who, seed=seed)
        self.scored = scored_respondents(population, who) if "logprob" in settings.modes else []

    def of(self, model: Model) -> Iterator[Item]:
        """Yield the calls to one model."""
        for kind in self.modes[model.id]:
            who = [r for r in (self.scored if kind == "logprob" else self.sampled) if r.model.id == model.id]
            for number, (respondent, prompts) in enumerate(self._crossed(who)):
                baselines: set[tuple[int, str | None]] = set()
                for at, prompt in prompts:
                    for sample in range(1 if kind == "logprob" else self.settings.samples):
                        for wording in self._wordings(prompt, model, number + at + sample):
                            if kind == "logprob" and (wording.order, wording.examples) not in baselines:
                                baselines.add((wording.order, wording.examples))
                                yield self._baseline(respondent, wording)
                            yield self._item(respondent, wording, sample, kind)

    def _crossed(self, who: Sequence[Respondent]) -> Iterator[tuple[Respondent, list[tuple[int, Prompt]]]]:
        """Yield each respondent with its prompts: all of them, or a fraction in which every prompt has its share."""
        each = [list(enumerate(prompts_for(respondent, self.prompts))) for respondent in who]
        wanted = self.settings.prompts_per_respondent
        for respondent, prompts, chosen in zip(who, each, self._fractions(who, each, wanted), strict=True):
            yield respondent, [prompts[i] for i in chosen]

    def _fractions(
        self, who: Sequence[Respondent], each: Sequence[list[tuple[int, Prompt]]], wanted: int | None
    ) -> list[list[int]]:
        if not who:
            return []
        if wanted is None:
            return [list(range(len(prompts))) for prompts in each]
        there = min(len(prompts) for prompts in each)
        if wanted > there:
            raise StudyFileError(
                f"elicitation.prompts_per_respondent: {wanted} are wanted and there are {there} prompts.",
                "Lower the number, or leave it out to ask every prompt.",
            )
        seed = call_seed(self.seed, "prompts", who[0].model.id)
        return balanced_fraction(len(who), there, wanted * len(who), seed=seed)

    def _wordings(self, prompt: Prompt, model: Model, turn: int) -> Iterator[Wording]:
        """Yield the cells of a prompt: its orders, crossed with example sets or taking them in turn."""
        few_shot = model.mode == "completion" and self.examples
        sets: Sequence[ExampleSet | None] = [None]
        if few_shot:
            rotating = self.settings.few_shot_design == "rotate"
            sets = [self.examples[turn % len(self.examples)]] if rotating else self.examples
        for order in range(self.settings.orders):
            turned = order == 1 and prompt.reordered is not None
            if order and not turned and not few_shot:
                continue  # nothing of this prompt can stand in another order
            for shown in sets:
                text = show(shown, self.settings.few_shot_frame, order) if shown else ""
                yield Wording(prompt, order, shown.id if shown else None, text)

    def _baseline(self, respondent: Respondent, wording: Wording) -> Item:
        neutral = prompts_for(
            respondent, [p.model_copy(update={"language": respondent.language}) for p in self.neutral]
        )
        frame = Wording(neutral[0], wording.order, wording.examples, wording.shown)
        return Item(respondent, frame, 0, "logprob", self._request(respondent, frame, 0, "logprob"), baseline=True)

    def _item(self, respondent: Respondent, wording: Wording, sample: int, kind: Asking) -> Item:
        return Item(respondent, wording, sample, kind, self._request(respondent, wording, sample, kind))

    def _request(self, respondent: Respondent, wording: Wording, sample: int, kind: Asking) -> Request:
        model, settings = respondent.model, self.settings
        chat = model.mode == "chat"
        text = "" if chat else completion_text(respondent, wording)
        cell = (respondent.id, wording.prompt.id, sample, kind, *_further(wording))
        extra = dict(model.sampling)
        if kind == "closed":
            extra |= constraint(self.vocabulary, settings.words_per_answer, model.structured)
        if kind == "logprob":
            lead = "" if chat or text[-1:].isspace() else " "
            extra = scoring(self.vocabulary, lead, list(dict.fromkeys(settings.cases)))
        return Request(
            model_id=model.id,
            endpoint=model.endpoint,
            endpoint_model=model.endpoint_model,
            mode=model.mode,
            messages=messages(respondent, wording) if chat else (),
            prompt=text,
            temperature=respondent.temperature,
            top_p=respondent.top_p,
            max_tokens=1 if kind == "logprob" else settings.max_tokens,
            seed=None if kind == "logprob" else model.seed(call_seed(self.seed, *cell)),
            sample_index=sample,
            # A base model goes on writing its page after the list: the answer is its first line.
            stop=() if chat or kind == "logprob" else ("\n",),
            extra=extra,
        )


def offered(model: Model, modes: Sequence[Asking]) -> list[Asking]:
    """Return the modes, of those wanted, that a model can be asked in."""
    can = {"open": True, "closed": model.structured != "none", "logprob": model.can_score}
    return [mode for mode in dict.fromkeys(modes) if can[mode]]


def _check_modes(held: dict[str, list[Asking]], wanted: Sequence[Asking]) -> None:
    needs = {
        "closed": "closed needs an endpoint with grammar or JSON schema (`structured`)",
        "logprob": "logprob needs a model that runs here, or a completion endpoint with `echo: true`",
    }
    for mode in wanted:
        if held and not any(mode in modes for modes in held.values()):
            raise StudyFileError(
                f"elicitation.modes: no model offers {mode}: {needs[mode]}.", "Remove it, or name a model that does."
            )
    left_out = [model for model, modes in held.items() if not modes]
    if left_out:
        raise StudyFileError(
            f"elicitation.modes: {left_out[0]} offers none of {', '.join(wanted)}.",
            "Add open, or take the model out of the study.",
        )
