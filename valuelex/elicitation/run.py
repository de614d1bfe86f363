"""The step: respondents x prompts x samples -> the table `responses`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pandas as pd

from valuelex.elicitation.closed import constraint, load_vocabulary
from valuelex.elicitation.prompts import completion_text, load_prompts, messages, prompts_for
from valuelex.elicitation.respondents import Respondent, respondents
from valuelex.elicitation.settings import ElicitationSettings, Prompt, RespondentSettings
from valuelex.models import Caller, Model, Request
from valuelex.models.answers import classify
from valuelex.models.seeds import call_seed, short_id
from valuelex.tables import frame


@dataclass(frozen=True)
class Item:
    """One planned call."""

    respondent: Respondent
    prompt: Prompt
    sample: int
    elicitation: str
    request: Request

    @property
    def response_id(self) -> str:
        return short_id(self.respondent.id, self.prompt.id, self.sample, self.elicitation)


def plan(
    population: Sequence[Model], who: RespondentSettings, settings: ElicitationSettings, *, seed: int, folder: Path
) -> list[Item]:
    """Return every call of the elicitation, in order: model, respondent, mode, prompt, sample.

    Raises
    ------
    StudyFileError
        If the prompts or the vocabulary cannot be used.
    """
    prompts = load_prompts(settings.prompts, folder)
    vocabulary = load_vocabulary(settings.vocabulary, folder) if "closed" in settings.modes else []
    return list(_items(respondents(population, who), prompts, vocabulary, settings, seed))


def _items(
    who: Sequence[Respondent],
    prompts: Sequence[Prompt],
    vocabulary: list[str],
    settings: ElicitationSettings,
    seed: int,
) -> Iterator[Item]:
    for respondent in who:
        model = respondent.model
        for kind in dict.fromkeys(settings.modes):
            extra: dict[str, object] = dict(model.sampling)
            if kind == "closed":
                extra |= constraint(vocabulary, settings.words_per_answer, model.structured)
            for prompt in prompts_for(respondent, prompts):
                chat = model.mode == "chat"
                for sample in range(settings.samples):
                    yield Item(
                        respondent,
                        prompt,
                        sample,
                        kind,
                        Request(
                            model_id=model.id,
                            endpoint=model.endpoint,
                            endpoint_model=model.endpoint_model,
                            mode=model.mode,
                            messages=messages(respondent, prompt) if chat else (),
                            prompt="" if chat else completion_text(respondent, prompt),
                            temperature=respondent.temperature,
                            top_p=respondent.top_p,
                            max_tokens=settings.max_tokens,
                            seed=model.seed(call_seed(seed, respondent.id, prompt.id, sample, kind)),
                            sample_index=sample,
                            # A base model goes on writing its page after the list: the answer is its first line.
                            stop=() if chat else ("\n",),
                            extra=extra,
                        ),
                    )


def run(
    population: Sequence[Model],
    who: RespondentSettings,
    settings: ElicitationSettings,
    *,
    seed: int,
    caller: Caller,
    folder: Path,
) -> dict[str, pd.DataFrame]:
    """Ask every respondent every prompt and return the table `responses`, in the order of the plan.

    Raises
    ------
    EndpointError
        When an endpoint cannot answer; what was answered is in the caller's ledger.
    """
    rows = []
    for _, group in groupby(
        plan(population, who, settings, seed=seed, folder=folder), lambda item: item.respondent.model.id
    ):
        items = list(group)
        answers = caller.ask("elicit", items[0].respondent.model, [item.request for item in items])
        for item, response in zip(items, answers, strict=True):
            status, reason = classify(response)
            respondent = item.respondent
            rows.append(
                {
                    "response_id": item.response_id,
                    "respondent_id": respondent.id,
                    "model_id": respondent.model.id,
                    "prompt_id": item.prompt.id,
                    "sample_index": item.sample,
                    "temperature": respondent.temperature,
                    "top_p": respondent.top_p,
                    "persona": respondent.persona.id if respondent.persona else None,
                    "seed": item.request.seed,
                    "mode": item.request.mode,
                    "elicitation": item.elicitation,
                    "language": "en",
                    "wording": item.prompt.wording,
                    "order": 0,
                    "examples": None,
                    "labels": None,
                    "text": response.text,
                    "status": status,
                    "status_reason": reason,
                    "n_tokens_in": response.n_tokens_in,
                    "n_tokens_out": response.n_tokens_out,
                    "latency_s": round(response.latency_s, 3),
                }
            )
    return {"responses": frame("responses", rows)}
