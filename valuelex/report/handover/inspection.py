"""The target Inspect AI: the test as a dataset, and completions with judgements as records that go with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from valuelex.projective.text import bare
from valuelex.report.evidence import records
from valuelex.report.handover.source import Source, Written, put


def write_inspect(source: Source, folder: Path) -> tuple[list[Written], list[str]]:
    """stems.jsonl (Inspect's json_dataset reads it), completions.jsonl, and the scoring manual."""
    instrument = source.table("instrument")
    if instrument.empty:
        return [], ["The study has no instrument: there is nothing for Inspect."]
    asked = source.study.file.administration.instruction
    stems = {
        str(row["item_id"]): {
            "id": str(row["item_id"]),
            "input": asked.replace("{stem}", bare(str(row["stem"]))),
            "metadata": row,
        }
        for row in records(instrument)
    }
    put(folder, "stems.jsonl", _lines(stems.values()))
    files = [Written("stems.jsonl", "one sample a stem: input as a chat model sees it, the item as metadata")]
    judged: dict[str, dict[str, dict[str, Any]]] = {}
    for row in records(source.table("judgements")):
        mine = judged.setdefault(str(row["completion_id"]), {}).setdefault(str(row["judge_id"]), {})
        mine[str(row["dimension"])] = row["score"] if row["applicable"] else None
    made = [
        {
            "id": str(row["item_id"]),
            "epoch": int(row["sample_index"] or 0) + 1,
            "model": row["model_id"],
            "input": stems.get(str(row["item_id"]), {}).get("input"),
            "output": row["text"],
            "status": row["status"],
            "scores": judged.get(str(row["completion_id"]), {}),
            "metadata": {
                "completion_id": row["completion_id"],
                "respondent_id": row["respondent_id"],
                "seed": row["seed"],
            },
        }
        for row in records(source.table("completions"))
    ]
    if made:
        put(folder, "completions.jsonl", _lines(made))
        about = "one line a completion: model, epoch, output, and each judge's scores by scale (null: not applicable)"
        files.append(Written("completions.jsonl", about))
    manual = source.study.results / "instrument.yaml"
    if manual.is_file():
        put(folder, "instrument.yaml", manual.read_bytes())
        files.append(Written("instrument.yaml", "the scoring manual"))
    notes = [
        "In Inspect: from inspect_ai.dataset import json_dataset; json_dataset('stems.jsonl').",
        "The whole test as a task, with the embedded judge: inspect eval valuelex/projective --model MODEL -T "
        "instrument=instrument.yaml",
        "Logs come back into a study with: valuelex inspect",
        "A pretrained model is given the bare stem, not the instruction of the field 'input'.",
    ]
    return files, notes


def _lines(rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=True, default=str) + "\n" for row in rows)
