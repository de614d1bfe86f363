"""Log-probabilities of words after texts, by any model that gives them, through the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuelex.errors import EndpointError, SettingError
from valuelex.models import Caller, Model, Request, Response
from valuelex.models.engines.scoring import scoring

FloatArray = NDArray[np.float64]


class ModelScorer:
    """Scores words after texts by a model; what was scored is in the ledger and is not scored again.

    Texts are continued as they stand, without a chat template: what is read is what the model expects, not what it answers.

    Parameters
    ----------
    caller : Caller
    model : Model
        One that runs here, or a completion endpoint with ``echo: true``.
    stage : str
        Named in progress.

    Raises
    ------
    SettingError
        If the model cannot score.
    """

    def __init__(self, caller: Caller, model: Model, *, stage: str = "intrinsic") -> None:
        if not model.can_score:
            raise SettingError(
                f"{model.id} gives no log-probabilities of given words.",
                "Use a model that runs here, or a completion endpoint with 'echo: true'.",
            )
        self._caller, self._model, self._stage = caller, model, stage

    def __call__(self, texts: Sequence[str], words: Sequence[str]) -> FloatArray:
        """Log-probabilities (texts x words) of each word, in lower case and after a space, right after each text.

        Raises
        ------
        EndpointError
            If a text could not be scored.
        """
        return np.array([[entry["logprob"] for entry in row] for row in self._scores(texts, words)])

    def one_token(self, words: Sequence[str], text: str = "The word is") -> list[str]:
        """Return the words that are one token to this model, in order: scoring them takes one pass per text."""
        [row] = self._scores([text], words)
        return [word for word, entry in zip(words, row, strict=True) if entry["n_tokens"] == 1]

    def _scores(self, texts: Sequence[str], words: Sequence[str]) -> list[list[dict[str, Any]]]:
        answers = self._caller.ask(self._stage, self._model, [self._request(text, words) for text in texts])
        return [self._read(text, answer) for text, answer in zip(texts, answers, strict=True)]

    def _read(self, text: str, answer: Response) -> list[dict[str, Any]]:
        if answer.logprobs is None:
            raise EndpointError(
                f"{self._model.id} could not score words after '{text}' ({answer.error or 'no reason given'}).",
                "Use a shorter frame or another model.",
            )
        return answer.logprobs

    def _request(self, text: str, words: Sequence[str]) -> Request:
        return Request(
            model_id=self._model.id,
            endpoint=self._model.endpoint,
            endpoint_model=self._model.endpoint_model,
            mode="completion",
            prompt=text,
            max_tokens=1,
            extra=scoring(words, " ", ("lower",)),
        )
