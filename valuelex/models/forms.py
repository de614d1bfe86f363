"""Forms that an endpoint can be held to, and the short question: shared by all who ask for structured replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from valuelex.models.population import Model
from valuelex.models.request import Request


def closed_object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of an object that has these properties, all of them, and no other."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def json_form(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return what goes into `Request.extra` so that a reply is one JSON object with these properties.

    Parameters
    ----------
    name : str
        Of the schema; part of a call's key, like the properties.
    properties : mapping of str -> JSON schema
    """
    schema = {"name": name, "strict": True, "schema": closed_object(properties)}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def short_question(
    model: Model,
    text: str,
    cue: str,
    *,
    temperature: float | None,
    max_tokens: int,
    seed: int,
    held: Mapping[str, Mapping[str, Any]],
) -> Request:
    """Return a call with one question and one short reply.

    Parameters
    ----------
    model : Model
    text : str
        The question.
    cue : str
        What a model that is not chatted with continues ("Answer:").
    temperature, max_tokens
        As in `Request`.
    seed : int
        Of the call; sent where the endpoint takes seeds.
    held : mapping of str -> mapping
        What goes into `Request.extra` for each way of holding a reply to its form (grammar, json_schema, none).
    """
    chat = model.mode == "chat"
    return Request(
        model_id=model.id,
        endpoint=model.endpoint,
        endpoint_model=model.endpoint_model,
        mode=model.mode,
        messages=(("user", text),) if chat else (),
        prompt="" if chat else f"{text}\n\n{cue}",
        temperature=temperature,
        max_tokens=max_tokens,
        seed=model.seed(seed),
        extra={**model.sampling, **held[model.structured]},
    )
