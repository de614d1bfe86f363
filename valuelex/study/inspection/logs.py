"""From a log of Inspect AI to tables: what ``inspect eval valuelex/projective`` wrote becomes a study's inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from valuelex.errors import DataError, MissingExtra, ResultsFolderError, writing
from valuelex.models import Response
from valuelex.models.seeds import short_id
from valuelex.projective.administration.administer import read_answer
from valuelex.projective.administration.leakage import human_phrase
from valuelex.projective.text import bare
from valuelex.tables import TABLES, frame, write

TASK = "valuelex/projective"
MANUAL = "valuelex_manual"
"""Key of the task's metadata that holds the manual."""


def read_inspect_logs(paths: Sequence[str | Path]) -> dict[str, Any]:
    """Return the tables `instrument`, `completions` and `judgements` and the document `manual` of one or more logs.

    Parameters
    ----------
    paths : sequence of str or Path
        Logs (.eval or .json) of the task; several models or runs of the same test.

    Raises
    ------
    MissingExtra
        If inspect-ai is not installed.
    DataError
        If a file is no log of this task, or two logs hold different stems under one item_id.
    """
    try:
        from inspect_ai.log import read_eval_log
    except ImportError as error:
        raise MissingExtra("inspect-ai", "inspect", "Reading a log of Inspect AI") from error
    items: dict[str, dict[str, Any]] = {}
    completions: dict[str, dict[str, Any]] = {}
    judgements: list[dict[str, Any]] = []
    manual: dict[str, Any] = {}
    for path in paths:
        try:
            log = read_eval_log(str(path))
        except Exception as error:  # the library raises what its readers of zip, JSON and files raise
            raise DataError(
                f"{path}: is no log of Inspect AI ({str(error)[:120]}).", "Give an .eval or .json log."
            ) from error
        if log.eval.task != TASK and log.eval.task.split("/")[-1] != "projective":
            raise DataError(f"{path}: is a log of the task {log.eval.task}.", f"Give logs of {TASK}.")
        manual = manual or dict((log.eval.metadata or {}).get(MANUAL) or {})
        for sample in log.samples or []:
            item = {key: sample.metadata.get(key) for key in _ITEM}
            known = items.setdefault(str(item["item_id"]), item)
            if known["stem"] != item["stem"]:
                raise DataError(
                    f"{path}: item {item['item_id']} has another stem than in the logs before it.",
                    "Import logs of one test at a time.",
                )
            row = _completion(log, sample, str(item["stem"]))
            if row["completion_id"] in completions:
                raise DataError(
                    f"{path}: {row['model_id']} completed item {row['item_id']} as sample {row['sample_index']} twice.",
                    "Give each log once.",
                )
            completions[row["completion_id"]] = row
            judgements += _judgements(sample, row["completion_id"])
    if not completions:
        raise DataError("The logs hold no completions.", "Look whether the evaluation ran to its end.")
    return {
        "instrument": frame("instrument", list(items.values())),
        "completions": frame("completions", list(completions.values())),
        "judgements": frame("judgements", judgements),
        "manual": manual,
    }


def write_study(tables: Mapping[str, Any], folder: Path, *, rejudge: bool = False) -> Path:
    """Write a study that starts from what `read_inspect_logs` returned into a new folder, and return its study.yaml.

    Parameters
    ----------
    tables : mapping
        Tables become CSV files, the manual the study's instrument.yaml.
    folder : Path
        Must not exist, or be empty.
    rejudge : bool
        Leave the log's judgements out of the study's inputs, so that its own `judges` judge.

    Raises
    ------
    ResultsFolderError
        If the folder holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ResultsFolderError(f"{folder} is not empty.", "Name a new folder.")
    given = ["completions"] if rejudge else ["completions", "judgements"]
    content: dict[str, Any] = {"name": folder.resolve().name, "models": []}
    if tables["manual"]:
        write("manual", tables["manual"], folder)
        content["instrument"] = {"file": "instrument.yaml"}
    else:
        given = ["instrument", *given]
    for name in given:
        write(name, tables[name], folder)
    content["inputs"] = {name: f"{name}.csv" for name in given}
    path = folder / "study.yaml"
    with writing(path):
        path.write_text(_HEAD + yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


_HEAD = """# Made from logs of Inspect AI. `valuelex run` scores, compares and reports; add judges to have them judged again.
"""

_ITEM = tuple(column.name for column in TABLES["instrument"].columns)


def _completion(log: Any, sample: Any, stem: str) -> dict[str, Any]:
    config = log.plan.config
    model = str(log.eval.model)
    temperature, top_p = config.temperature, config.top_p
    respondent = f"{model}/t{temperature}/p{top_p}"
    output = sample.output
    answered = bool(output.choices)  # a sample that ended in an error has none
    stopped = "length" if answered and output.stop_reason == "max_tokens" else "stop"
    response = Response(
        output.completion if answered else "",
        finish_reason=stopped,
        status="error" if sample.error is not None else "ok",
        error=sample.error.message if sample.error is not None else None,
    )
    text, status, reason = read_answer(bare(stem), response, sentences=None)
    return {
        "completion_id": short_id(sample.id, respondent, sample.epoch - 1),
        "item_id": str(sample.id),
        "respondent_id": respondent,
        "model_id": model,
        "sample_index": sample.epoch - 1,
        "frame": "chat",
        "text": text,
        "status": status,
        "status_reason": reason,
        "human": human_phrase(text) if status == "ok" else None,
        "seed": None,
        "n_tokens_in": output.usage.input_tokens if output.usage else None,
        "n_tokens_out": output.usage.output_tokens if output.usage else None,
        "latency_s": output.time,
    }


def _judgements(sample: Any, completion_id: str) -> list[dict[str, Any]]:
    rows = []
    for score in (sample.scores or {}).values():
        if not isinstance(score.value, dict):
            continue
        for scale, value in score.value.items():
            rows.append(
                {
                    "completion_id": completion_id,
                    "judge_id": str((score.metadata or {}).get("judge", "embedded")),
                    "dimension": str(scale),
                    "score": None if value is None else float(value),
                    "applicable": value is not None,
                    "rationale": score.explanation,
                }
            )
    return rows
