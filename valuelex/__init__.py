"""valuelex: the psychometric workbench for the values of language models.

    import valuelex as vl
    from valuelex import psychometrics as pm

    study = vl.Study.load("my-study")
    study.run(to="report")
    study.scores                      # a pandas DataFrame, as is every table

Names are loaded when they are first used, so that ``import valuelex`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from valuelex._version import __version__

if TYPE_CHECKING:
    from valuelex import psychometrics
    from valuelex.study import Study

__all__ = ["Study", "__version__", "psychometrics"]


def __getattr__(name: str) -> Any:
    if name == "Study":
        import_module("valuelex.report")  # announces itself to the study, which lies a floor below it
        return import_module("valuelex.study").Study
    if name == "psychometrics":
        return import_module("valuelex.psychometrics")
    raise AttributeError(f"module 'valuelex' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
