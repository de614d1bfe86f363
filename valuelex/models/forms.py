"""Forms that an endpoint can be held to: the parameters of a request, shared by all who ask for structured replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
