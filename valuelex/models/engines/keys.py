"""Keys come from environment variables and from nowhere else."""

from __future__ import annotations

import os

from valuelex.errors import EndpointError


def key_from_environment(variable: str | None) -> str | None:
    """Read a key; raise `EndpointError` naming the variable when it is not set."""
    if variable is None:
        return None
    value = os.environ.get(variable)
    if not value:
        raise EndpointError(
            f"The environment variable {variable} (api_key_env) is not set.", f"Set it: export {variable}=..."
        )
    return value
