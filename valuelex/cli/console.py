"""What a run shows: a live table on a terminal, plain lines elsewhere, all on stderr.

Ids of models and messages of endpoints are untrusted text: they are printed without markup and without control characters.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

from valuelex.errors import ValuelexError
from valuelex.models import Progress
from valuelex.models.answers import inert
from valuelex.study import Listener

PLAIN_EVERY = 10.0
"""Seconds between progress lines where there is no terminal."""

ANSWERS = "answers"
"""The unit of calls to models, which have tokens."""

LABEL = 34
"""Characters of a model's id that the live table shows."""

_MARKS = dict.fromkeys((0x061C, 0x200E, 0x200F))
"""Direction marks that are harmless in a table and not in a line of a terminal."""


@dataclass
class _Running:
    """A model that is being asked: the last that was heard, and what of it was shown."""

    progress: Progress
    task: Any = None
    told: int = -1


class Console:
    """Shows a run; a context manager, so that the live display ends with it.

    Parameters
    ----------
    stream : text stream, optional
        Where to write; default: stderr.
    terminal : bool, optional
        Whether it can show a live table; default: what the stream says of itself.
    clock : callable
        Seconds that only grow.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        terminal: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty() if terminal is None else terminal
        self._clock, self._last = clock, clock()
        self._live: Any = None
        self._running: dict[tuple[str, str], _Running] = {}

    def __enter__(self) -> Console:
        if self._terminal:
            from rich.console import Console as RichConsole
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bar

            names = ("stage", "model", "", "count", "pace", "left")
            cells = [TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in names if name]
            self._live = Bar(
                *cells[:2],
                BarColumn(bar_width=20),
                *cells[2:],
                console=RichConsole(file=self._stream, force_terminal=True),
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def listener(self) -> Listener:
        """The call-backs that a run takes."""
        return Listener(on_stage=self.stage, on_progress=self.progress, tell=self.say)

    def say(self, message: str) -> None:
        """Print one line above the progress."""
        line = one_line(message)
        if self._live is not None:
            self._live.console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)
        else:
            print(line, file=self._stream, flush=True)

    def stage(self, name: str, what: str) -> None:
        """Say that a stage starts, ends, or is up to date."""
        for key in list(self._running):
            self._forget(key)
        self.say(f"{name:<12} {'...' if what == 'run' else what}")

    def progress(self, progress: Progress) -> None:
        """Show which model, answers done of planned, tokens per second, time left; models may come in any order."""
        key = progress.stage, progress.model_id
        running = self._running.setdefault(key, _Running(progress))
        running.progress = progress
        if progress.done >= progress.planned:
            # A finished model leaves a line behind, on a terminal too.
            self._forget(key)
            self.say(_line(progress))
        elif self._live is not None:
            self._draw(running)
        elif self._clock() - self._last >= PLAIN_EVERY:
            self._last = self._clock()
            for each in self._running.values():
                if each.progress.done != each.told:
                    each.told = each.progress.done
                    self.say(_line(each.progress))

    def _draw(self, running: _Running) -> None:
        progress = running.progress
        fields = {
            "count": f"{progress.done}/{progress.planned}",
            "pace": f"{progress.tokens_per_s:.1f} tokens/s" if progress.unit == ANSWERS else "",
            "left": f"{_left(progress.seconds_left)} left",
        }
        if running.task is None:
            model = one_line(progress.model_id)
            fields |= {"stage": progress.stage, "model": model if len(model) <= LABEL else f"{model[: LABEL - 1]}…"}
            running.task = self._live.add_task("", total=progress.planned, completed=progress.done, **fields)
        else:
            self._live.update(running.task, total=progress.planned, completed=progress.done, **fields)

    def _forget(self, key: tuple[str, str]) -> None:
        running = self._running.pop(key)
        if self._live is not None and running.task is not None:
            self._live.remove_task(running.task)


def printable(text: str) -> str:
    """Return a text that a terminal only shows: no escape, no direction mark; line ends and tabs stay."""
    return inert(text).translate(_MARKS).replace("\r\n", "\n").replace("\r", "\ufffd")


def one_line(text: str) -> str:
    """Return a `printable` text on one line, so that a message cannot pass for several."""
    return " ".join(printable(text).splitlines())


def complaint(error: ValuelexError) -> str:
    """Return what an error says: a line, one for each of its cases, a last one; whatever an endpoint put into it."""
    texts = [error.what, *(f"  {case}" for case in error.cases), error.remedy]
    return "\n".join(one_line(text) for text in texts if text)


def _line(progress: Progress) -> str:
    head = f"{progress.stage:<12} {progress.model_id}: {progress.done}/{progress.planned} {progress.unit}"
    if progress.unit != ANSWERS:
        return head if progress.done >= progress.planned else f"{head}, {_left(progress.seconds_left)} left"
    if progress.done < progress.planned:
        pace = f"{progress.tokens_per_s:.1f} tokens/s, {_left(progress.seconds_left)} left"
    else:
        pace = "all from the ledger" if progress.seconds_left is None else f"{progress.tokens_per_s:.1f} tokens/s"
    return f"{head}, {pace}"


def _left(seconds: float | None) -> str:
    if seconds is None:
        return "?:??"
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
