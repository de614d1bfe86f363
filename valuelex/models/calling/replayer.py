"""Answers from the ledger alone: no key, no network, no engine."""

from __future__ import annotations

from collections.abc import Sequence

from valuelex.errors import LedgerError
from valuelex.models.calling.caller import Caller
from valuelex.models.calling.lane import Place
from valuelex.models.calling.progress import Pace
from valuelex.models.population import Model
from valuelex.models.request import Request, Response


class Replayer(Caller):
    """A `Caller` that asks nobody: what the ledger does not hold is an error, and what failed stays failed."""

    def gather(
        self,
        stage: str,
        groups: Sequence[tuple[Model, Sequence[Request]]],
        *,
        place: Place = lambda request: None,
    ) -> list[list[Response]]:
        """Return one response per request, group by group, in order.

        Raises
        ------
        LedgerError
            If the ledger lacks a call, with how many of each model it lacks.
        """
        lacking = {m.id: sum(not self.ledger.recorded(r.key) for r in requests) for m, requests in groups}
        if any(lacking.values()):
            counts = ", ".join(f"{n:,} to {model_id}" for model_id, n in lacking.items() if n)
            raise LedgerError(
                f"{self.ledger.path} lacks calls of the stage {stage}: {counts}.",
                "Replay with the study file that the calls were made with, or run the study to make them.",
            )
        for model, requests in groups:
            self.on_progress(Pace(stage, model.id, len(requests), len(requests)).progress())
        keys = [[request.key for request in requests] for _, requests in groups]
        found = dict(self.ledger.get_many({key for group in keys for key in group}))
        return [[found[key] for key in group] for group in keys]
