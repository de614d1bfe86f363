"""Named errors: each says what is wrong, where (file, line, column or key), and what to do next.

The command line turns them into an exit code: `BadInput` and its children end with 2 (the user can mend it), every other
`ValuelexError` with 1 (the run failed; the same command goes on where it was).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike, fspath


class ValuelexError(Exception):
    """Base of every error that valuelex raises on purpose.

    Parameters
    ----------
    what : str
        One sentence: what is wrong, naming the file, line, column or key.
    remedy : str, optional
        One sentence: what to do next.
    cases : sequence of str, optional
        Where several places are wrong: one line for each.
    """

    exit_code = 1

    def __init__(self, what: str, remedy: str = "", cases: Sequence[str] = ()) -> None:
        self.what = what
        self.remedy = remedy
        self.cases = tuple(cases)
        super().__init__("\n".join([what, *self.cases, *([remedy] if remedy else [])]))


class BadInput(ValuelexError):
    """Something the user gave cannot be used."""

    exit_code = 2


class StudyFileError(BadInput):
    """A key or value in study.yaml is wrong."""


class RegistryError(BadInput):
    """A model is not in the registry, or the registry file is wrong."""


class TableError(BadInput):
    """A table does not match its published schema."""


class DataError(BadInput):
    """Data that cannot be analysed: wrong shape, constant or missing values, not a correlation matrix."""


class SettingError(BadInput, ValueError):
    """An argument outside its allowed values."""


class ResultsFolderError(BadInput):
    """The results folder belongs to another study, is in use, or cannot be written."""


class LedgerError(BadInput):
    """A line of the call ledger cannot be read."""


class EndpointError(BadInput):
    """An endpoint does not answer, or refuses the key."""


class ArtifactError(BadInput):
    """A packaged model file is missing or is not the one that the registry names."""


class MissingExtra(BadInput):
    """An optional dependency is not installed; the message names the extra that brings it."""

    def __init__(self, package: str, extra: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the package {package}, which is not installed.",
            f"Install it with: pip install 'valuelex[{extra}]'",
        )


class RunInterrupted(ValuelexError):
    """A run stopped before its end; everything answered so far is in the ledger."""


class BudgetReached(RunInterrupted):
    """The spending cap allows no further call; everything answered so far is in the ledger."""


class BatchPending(RunInterrupted):
    """Calls wait at an endpoint's batch API; the same command collects them later."""


@contextmanager
def writing(path: str | PathLike[str]) -> Iterator[None]:
    """Turn an operating-system refusal to write `path` into a `ResultsFolderError` that says why."""
    try:
        yield
    except OSError as error:
        name = fspath(path)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ResultsFolderError(
                f"{name}: the disk is full.",
                "Free some space and run the same command again; what was answered is kept.",
            ) from error
        raise ResultsFolderError(
            f"{name}: cannot be written ({error.strerror or error}).",
            "Check the folder's permissions, or name another one with 'results:' in the study file.",
        ) from error
