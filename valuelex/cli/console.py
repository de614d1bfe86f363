"""What a run shows: live progress on a terminal, plain lines elsewhere, all on stderr."""

from __future__ import annotations

import sys
import time
from typing import Any

from valuelex.models import Progress
from valuelex.study import Listener

PLAIN_EVERY = 10.0
"""Seconds between progress lines where there is no terminal."""


class Console:
    """Shows a run; a context manager, so that the live display ends with it."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = 0.0
        self._live: Any = None
        self._task: Any = None
        self._shown: tuple[str, str] | None = None

    def __enter__(self) -> Console:
        if self._terminal:
            from rich.console import Console as RichConsole
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
            from rich.progress import Progress as Bar

            self._live = Bar(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[pace]}"),
                console=RichConsole(stderr=True),
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
        if self._live is not None:
            self._live.console.print(message, markup=False, highlight=False)
        else:
            print(message, file=sys.stderr, flush=True)

    def stage(self, name: str, what: str) -> None:
        """Say that a stage starts, ends, or is up to date."""
        self._end_task()
        self.say(f"{name:<12} {'...' if what == 'run' else what}")

    def progress(self, progress: Progress) -> None:
        """Show which model, answers done of planned, tokens per second, time left."""
        pace = f"{progress.tokens_per_s:5.1f} tokens/s, {_left(progress.seconds_left)} left"
        if self._live is not None:
            if self._shown != (progress.stage, progress.model_id):
                self._end_task()
                self._shown = (progress.stage, progress.model_id)
                label = f"{progress.stage:<12} {progress.model_id}"
                self._task = self._live.add_task(label, total=progress.planned, pace=pace)
            self._live.update(self._task, completed=progress.done, pace=pace)
            if progress.done < progress.planned:
                return
            self._end_task()
        now = time.monotonic()
        if self._live is not None or progress.done == progress.planned or now - self._last >= PLAIN_EVERY:
            self._last = now
            # A finished model leaves a line behind, on a terminal too.
            self.say(f"{progress.stage:<12} {progress.model_id}: {progress.done}/{progress.planned} answers, {pace}")

    def _end_task(self) -> None:
        if self._live is not None and self._task is not None:
            self._live.remove_task(self._task)
            self._task = self._shown = None


def _left(seconds: float | None) -> str:
    if seconds is None:
        return "?:??"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
