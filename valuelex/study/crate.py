"""The texts that go with packed results: README, data dictionary, and RO-Crate 1.1 metadata (w3id.org/ro/crate/1.1)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from valuelex.models import Model
from valuelex.study.manifest import Manifest
from valuelex.tables import DOCUMENTS, TABLES

_FORMATS = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".yaml": "application/yaml",
    ".html": "text/html",
    ".md": "text/markdown",
}
_ABOUT = {
    "study.yaml": "The study file: everything that was asked for",
    "README.md": "What this is and how to use it",
    "data_dictionary.csv": "Every column of every table",
    "results/calls.jsonl": "The ledger: every call that returned, with all its parameters; all else follows from it",
    "results/bought-embeddings.jsonl": "Embeddings that were paid for: text, what made it, vector",
    "results/manifest.json": "Versions, seeds, settings, and the SHA-256 of every input and output",
    "results/report.html": "The report",
}


def about(name: str) -> str:
    """Return one line on a file of the zip."""
    stem = PurePosixPath(name).stem
    if name in _ABOUT:
        return _ABOUT[name]
    if name.startswith("results/") and stem in TABLES:
        return f"Table {stem}: a row is {TABLES[stem].row}"
    documents = {f"results/{file}": key for key, file in DOCUMENTS.items()}
    return f"Document {documents[name]}" if name in documents else "A file that the study file names"


def data_dictionary(files: Sequence[str]) -> str:
    """Return the data dictionary, as CSV: table, column, type, meaning, allowed values."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["table", "column", "type", "may_be_empty", "allowed", "meaning"])
    for name in dict.fromkeys(PurePosixPath(f).stem for f in files):
        table = TABLES.get(name)
        if table is None:
            continue
        for column in table.columns:
            low, high = ("" if end is None else f"{end:g}" for end in (column.low, column.high))
            allowed = "|".join(column.choices) or (f"{low}..{high}" if low or high else "")
            writer.writerow([name, column.name, column.kind, "yes" if column.nullable else "no", allowed, column.about])
        if table.wide:
            writer.writerow([name, "F1, F2, ...", "number", "yes", "", table.wide])
    return out.getvalue()


def readme(
    name: str,
    manifest: Manifest,
    population: Sequence[Model],
    files: Sequence[str],
    *,
    licence: str | None,
    author: str | None,
) -> str:
    """Return the README of a packed study, as Markdown."""
    finished = _finished(manifest)
    lines = [
        f"# {name}",
        "",
        "A study of the values that language models name, made with valuelex "
        f"{manifest.valuelex} (seed {manifest.seed}{f', finished {finished[:10]}' if finished else ''}).",
        f"{'Author: ' + author + '. ' if author else ''}Licence of this collection: {licence or 'not stated'}.",
        "",
        "## Make the tables anew",
        "",
        "    pip install valuelex",
        "    valuelex replay .",
        "",
        "That needs no key and asks no model: every table is made from `results/calls.jsonl`. The SHA-256 of every file",
        "stands in `results/manifest.json` and in `ro-crate-metadata.json`.",
        "",
        "## Models",
        "",
        "| model | developer | training | licence of the model |",
        "|---|---|---|---|",
    ]
    for model in population:
        entry = model.entry
        lines.append(
            f"| {_cell(model.id)} | {_cell(entry.developer)} | {_cell(entry.training)} | {_cell(entry.licence)} |"
        )
    lines += [
        "",
        "What the models answered is in the ledger and in `responses`, as it came: it is data, neither checked nor endorsed.",
        "Terms of use of the models and endpoints may restrict what can be done with it.",
        "",
        "## Files",
        "",
        "| file | what it is |",
        "|---|---|",
        *(f"| `{file}` | {about(file)} |" for file in ["study.yaml", "data_dictionary.csv", *files]),
        "",
    ]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return "unknown" if value is None else str(value).replace("|", "/")


def _finished(manifest: Manifest) -> str:
    return max((record.finished for record in manifest.stages.values()), default="")


def crate_metadata(
    name: str,
    manifest: Manifest,
    files: Mapping[str, tuple[int, str]],
    *,
    licence: str | None,
    author: str | None,
) -> str:
    """Return ro-crate-metadata.json.

    Parameters
    ----------
    files : mapping
        Name in the zip -> (bytes, SHA-256).
    """
    software = {
        "@id": "#valuelex",
        "@type": "SoftwareApplication",
        "name": "valuelex",
        "version": manifest.valuelex,
    }
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": name,
        "description": f"Study of the values that language models name: study file, call ledger and tables of '{name}'.",
        "datePublished": _finished(manifest) or "1970-01-01",
        "license": {"@id": f"https://spdx.org/licenses/{licence}"} if licence else "not stated",
        "hasPart": [{"@id": file} for file in sorted(files)],
        "mentions": [{"@id": "#run"}],
    }
    graph: list[dict[str, Any]] = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        root,
    ]
    if author:
        root["author"] = {"@id": "#author"}
        graph.append({"@id": "#author", "@type": "Person", "name": author})
    if licence:
        graph.append({"@id": f"https://spdx.org/licenses/{licence}", "@type": "CreativeWork", "name": licence})
    for file in sorted(files):
        size, digest = files[file]
        graph.append(
            {
                "@id": file,
                "@type": "File",
                "name": PurePosixPath(file).name,
                "description": about(file),
                "encodingFormat": _FORMATS.get(PurePosixPath(file).suffix, "application/octet-stream"),
                "contentSize": str(size),
                "sha256": digest,
            }
        )
    graph += [
        software,
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": f"valuelex run, seed {manifest.seed}",
            "instrument": {"@id": "#valuelex"},
            "object": {"@id": "study.yaml"},
            "result": [{"@id": file} for file in sorted(files) if file.startswith("results/")],
        },
    ]
    content = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
