"""Floor 6: the command line."""

from valuelex.cli.app import app, main

__all__ = ["app", "main"]
