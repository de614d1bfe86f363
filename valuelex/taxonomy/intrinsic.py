"""The structure of words inside one model: its own log-probabilities as similarities, and factors of them.

Here the floor below meets itself: `semantics` knows what to make of log-probabilities, `models` how to get them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex import psychometrics as pm
from valuelex.errors import DataError, EndpointError, SettingError
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


def similarity_factors(similarity: pd.DataFrame, n_factors: int, *, rotation: str = "varimax") -> pd.DataFrame:
    """Rotated principal components of a similarity matrix: loadings, words x factors, by variance explained.

    The rotation sees nothing but the similarities. Components and not common factors: the diagonal of a similarity is no
    variance with an error part.

    Parameters
    ----------
    similarity : DataFrame, p x p, symmetric, unit diagonal
    n_factors : int, range 1 .. number of positive eigenvalues
    rotation : str
        Any that `psychometrics.rotate` knows; "none" for none.

    Raises
    ------
    DataError
        For fewer positive eigenvalues than factors.
    """
    values, vectors = np.linalg.eigh(similarity.to_numpy())
    kept = np.argsort(-values)[:n_factors]
    if len(kept) < n_factors or values[kept].min() <= 1e-9:
        raise DataError(
            f"The similarity has {(values > 1e-9).sum()} positive eigenvalues, fewer than {n_factors} factors need.",
            "Ask for fewer factors.",
        )
    names = [f"F{i}" for i in range(1, n_factors + 1)]
    loadings = pd.DataFrame(vectors[:, kept] * np.sqrt(values[kept]), index=similarity.index, columns=names)
    return loadings if rotation == "none" or n_factors == 1 else pm.rotate(loadings, rotation).loadings


def recovery(loadings: pd.DataFrame, criterion: pd.DataFrame) -> pd.DataFrame:
    """How well given factors come back: one row per factor of `criterion`.

    Columns: `best` (largest absolute Tucker congruence with any factor, as found), `factor` (which one; two may share it),
    `one_to_one` (absolute congruence when no factor is used twice, by the Hungarian method; NaN where there are fewer factors),
    `target_rotated` (congruence after an orthogonal rotation to the criterion; chance alone makes it large, so it is no
    evidence by itself).

    Parameters
    ----------
    loadings : DataFrame, words x k
    criterion : DataFrame, words x c
        On the same words.
    """
    from scipy.optimize import linear_sum_assignment

    found = pm.congruence(loadings, criterion).abs()
    common = loadings.loc[criterion.index].to_numpy()
    left, _, right = np.linalg.svd(common.T @ criterion.to_numpy(), full_matrices=False)
    turned = pd.DataFrame(common @ left @ right, index=criterion.index, columns=criterion.columns)
    after = np.diag(pm.congruence(turned, criterion))
    rows, columns = linear_sum_assignment(-found.to_numpy())
    pairs = pd.Series(found.to_numpy()[rows, columns], index=found.columns[columns])
    return pd.DataFrame(
        {"best": found.max(), "factor": found.idxmax(), "one_to_one": pairs, "target_rotated": after},
        index=criterion.columns,
    )
