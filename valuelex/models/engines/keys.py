"""Keys come from environment variables and from nowhere else."""

from __future__ import annotations

import os

from valuelex.errors import EndpointError


def key_from_environment(variable: str | None) -> str | None:
    """Read a key; raise `EndpointError` naming the variable when it is not set, or holds what no header can hold."""
    if variable is None:
        return None
    value = os.environ.get(variable)
    if not value:
        raise EndpointError(
            f"The environment variable {variable} (api_key_env or headers_env) is not set.",
            f"Set it: export {variable}=...",
        )
    if not (value.isascii() and value.isprintable()):
        raise EndpointError(
            f"The environment variable {variable} holds a line end or another character that no header can hold.",
            f"Set it anew: export {variable}=... (a key is plain ASCII; a file's last line end is no part of it).",
        )
    return value
