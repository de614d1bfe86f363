"""Profiles of words: what each model expects after a text that holds the word, for all models of a study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuelex.errors import DataError, SettingError
from valuelex.models import Caller, Model
from valuelex.semantics import ADJECTIVE_FRAMES, VALUE_FRAMES, intrinsic_similarity
from valuelex.semantics.intrinsic import Frame
from valuelex.taxonomy.intrinsic.scorer import ModelScorer
from valuelex.taxonomy.settings import IntrinsicSettings

LEAST_CONTINUATIONS = 20
"""Fewer words of one token tell too little of what a model expects."""

_PACKAGED: dict[str, tuple[Frame, ...]] = {"values": VALUE_FRAMES, "adjectives": ADJECTIVE_FRAMES}


@dataclass(frozen=True, eq=False)
class Profiles:
    """What was read from one or more models.

    Attributes
    ----------
    data : DataFrame, contexts x words
        Standard scores with each word's mean over a model's contexts taken out. A context is a frame and a word that could
        follow in it.
    contexts : DataFrame, one row per context
        model_id, frame (0, 1, ...), continuation.
    details : dict of str -> dict
        By model: frames, n_vocabulary, agreement of the frames (mean correlation of the similarities that each gives).
    """

    data: pd.DataFrame
    contexts: pd.DataFrame
    details: dict[str, dict[str, Any]]

    @property
    def models(self) -> list[str]:
        """Model ids, in order."""
        return list(self.details)

    def of(self, model_id: str) -> pd.DataFrame:
        """The contexts of one model."""
        return self.data[(self.contexts["model_id"] == model_id).to_numpy()]


def frames_of(settings: IntrinsicSettings) -> tuple[Frame, ...]:
    """Return the frames that the settings name or hold."""
    if isinstance(settings.frames, str):
        return _PACKAGED[settings.frames]
    return settings.frames


def texts_per_word(settings: IntrinsicSettings) -> int:
    """How many texts a model scores for each word."""
    return sum(1 if isinstance(frame, str) else 2 for frame in frames_of(settings))


def choose_models(population: Sequence[Model], settings: IntrinsicSettings) -> list[Model]:
    """Return the models whose structure is read: those named, or all of the study that give log-probabilities.

    Raises
    ------
    SettingError
        For a model that is not in the study or cannot score, or where none can.
    """
    known = {model.id: model for model in population}
    unknown = [name for name in settings.models if name not in known]
    if unknown:
        raise SettingError(
            f"taxonomy.intrinsic.models: {unknown[0]} is not one of the study's models.",
            f"They are: {', '.join(known) or 'none'}.",
        )
    chosen = [known[name] for name in settings.models] or [model for model in population if model.can_score]
    mute = [model.id for model in chosen if not model.can_score]
    if mute or not chosen:
        who = mute[0] if mute else "None of the study's models"
        raise SettingError(
            f"taxonomy.structure is intrinsic: {who} gives no log-probabilities of given words.",
            "Use models that run here, or a completion endpoint with 'echo: true'.",
        )
    return chosen


def read_profiles(
    models: Sequence[Model],
    words: Sequence[str],
    continuations: Sequence[str],
    settings: IntrinsicSettings,
    caller: Caller,
    *,
    score: Callable[[Model], Any] | None = None,
) -> Profiles:
    """Let each model score what could follow each word, and return the profiles.

    Parameters
    ----------
    models : sequence of Model
    words : sequence of str
    continuations : sequence of str
        Candidates for what follows; those of one token in the model are used.
    settings : IntrinsicSettings
    caller : Caller
    score : callable, optional
        Model -> scorer; default `ModelScorer`.

    Raises
    ------
    DataError
        If a model has too few continuations of one token.
    """
    frames = frames_of(settings)
    blocks, contexts, details = [], [], {}
    for model in models:
        scorer = ModelScorer(caller, model, stage="taxonomy") if score is None else score(model)
        vocabulary = scorer.one_token(list(continuations))
        if len(vocabulary) < LEAST_CONTINUATIONS:
            raise DataError(
                f"{model.id}: {len(vocabulary)} of {len(continuations)} words are one token; at least "
                f"{LEAST_CONTINUATIONS} are needed.",
                "Leave this model out, or set taxonomy.intrinsic.frames to texts in the language of the words.",
            )
        _, found = intrinsic_similarity(words, scorer, frames=frames, vocabulary=vocabulary)
        blocks.append(found.profiles.T)
        contexts.append(
            pd.DataFrame(
                {
                    "model_id": model.id,
                    "frame": np.repeat(np.arange(len(frames)), len(vocabulary)),
                    "continuation": vocabulary * len(frames),
                }
            )
        )
        details[model.id] = found.to_dict()
    return Profiles(
        pd.DataFrame(np.vstack(blocks), columns=list(words)), pd.concat(contexts, ignore_index=True), details
    )
