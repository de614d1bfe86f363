"""Targets that any program reads: CSV with Frictionless and RO-Crate metadata, the data dictionary, and tables for JASP."""

from __future__ import annotations

import hashlib
import json
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from valuelex.psychometrics.handover.scripts import analysed
from valuelex.report.handover.source import Source, Written, put
from valuelex.study.crate import crate_metadata, data_dictionary
from valuelex.tables import TABLES, Column, Table
from valuelex.tables.inert_csv import to_csv

TYPES = {"text": "string", "int": "integer", "number": "number", "bool": "boolean"}
REFERENCES = {
    "words": ("response_id", "responses"),
    "completions": ("item_id", "instrument"),
    "judgements": ("completion_id", "completions"),
}
"""Table -> its column that points to another table's key."""


def write_csv(source: Source, folder: Path) -> tuple[list[Written], list[str]]:
    """Every table as CSV, datapackage.json, ro-crate-metadata.json and the data dictionary."""
    files, resources, sums = [], [], {}
    for name, table in source.tables.items():
        content = to_csv(table)
        put(folder, f"{name}.csv", content)
        digest = hashlib.sha256(content).hexdigest()
        sums[f"results/{name}.csv"] = (len(content), digest)
        resources.append(_resource(name, table, len(content), digest, set(source.tables)))
        files.append(Written(f"{name}.csv", f"a row is {TABLES[name].row}"))
    package = {
        "profile": "tabular-data-package",
        "name": _slug(source.name),
        "title": source.name,
        "description": "Tables of a study of the values that language models name, made with valuelex.",
        "resources": resources,
    }
    put(folder, "datapackage.json", json.dumps(package, indent=2, ensure_ascii=False) + "\n")
    put(folder, "data_dictionary.csv", data_dictionary([f"results/{name}.csv" for name in source.tables]))
    files.append(Written("datapackage.json", "Frictionless Data Package: types and constraints of every column"))
    files.append(Written("data_dictionary.csv", "every column of every table"))
    manifest = source.evidence.manifest
    if manifest is not None:
        crate = crate_metadata(source.name, manifest, sums, licence=None, author=None)
        put(folder, "ro-crate-metadata.json", crate.replace('"results/', '"'))
        files.append(Written("ro-crate-metadata.json", "RO-Crate 1.1 metadata"))
    notes = [
        "Text cells that a spreadsheet would take for a formula begin with an apostrophe.",
        "Empty cells are missing; numbers are in full precision; the encoding is UTF-8.",
    ]
    return files, notes


def _slug(name: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return "-".join(filter(None, kept.split("-"))) or "study"


def _resource(name: str, table: pd.DataFrame, size: int, digest: str, there: set[str]) -> dict[str, Any]:
    schema = TABLES[name]
    fields = [_field(schema.column(str(c)), str(c), schema) for c in table.columns]
    described: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if schema.key and set(schema.key) <= set(table.columns) and not table[list(schema.key)].isna().any(axis=None):
        described["primaryKey"] = list(schema.key)
    column, other = REFERENCES.get(name, ("", ""))
    if other in there:
        reference = {"resource": other, "fields": column}
        described["foreignKeys"] = [{"fields": column, "reference": reference}]
    return {
        "name": name,
        "path": f"{name}.csv",
        "profile": "tabular-data-resource",
        "description": f"A row is {schema.row}.",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": size,
        "hash": f"sha256:{digest}",
        "schema": described,
    }


def _field(column: Column | None, name: str, schema: Table) -> dict[str, Any]:
    if column is None:
        return {"name": name, "type": "number", "description": schema.wide}
    # A text may be empty, which a CSV file cannot tell from missing.
    needed = not (column.nullable or column.optional) and (column.kind != "text" or column.name in schema.key)
    constraints: dict[str, Any] = {"required": True} if needed else {}
    constraints |= {"enum": list(column.choices)} if column.choices else {}
    constraints |= {"minimum": column.low} if column.low is not None else {}
    constraints |= {"maximum": column.high} if column.high is not None else {}
    made: dict[str, Any] = {"name": name, "type": TYPES[column.kind], "description": column.about}
    if column.kind == "bool":
        made |= {"trueValues": ["True", "true"], "falseValues": ["False", "false"]}
    return made | ({"constraints": constraints} if constraints else {})


def write_dictionary(source: Source, folder: Path) -> tuple[list[Written], list[str]]:
    """The data dictionary as CSV, and as a page to read."""
    put(folder, "data_dictionary.csv", data_dictionary([f"results/{name}.csv" for name in source.tables]))
    body = []
    for name, table in source.tables.items():
        schema = TABLES[name]
        body.append(f"<h2>{escape(name)}</h2><p>A row is {escape(schema.row)}. {len(table):,} rows.</p>")
        rows = []
        for c in table.columns:
            column = schema.column(str(c))
            kind, about, allowed = ("number", schema.wide, "") if column is None else _described(column)
            cells = "".join(f"<td>{escape(text)}</td>" for text in (kind, allowed, about))
            rows.append(f"<tr><th scope=row>{escape(str(c))}</th>{cells}</tr>")
        heads = "".join(f"<th scope=col>{head}</th>" for head in ("column", "type", "allowed", "meaning"))
        body.append(
            f"<div class=scroll><table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        )
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
        "table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.3em 1em .3em 0}"
        "tr{border-bottom:1px solid}"
        ".scroll{overflow-x:auto}th[scope=row]{font-family:monospace;font-weight:400}"
    )
    put(
        folder,
        "data_dictionary.html",
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, '
        f'initial-scale=1"><title>Data dictionary of {escape(source.name)}</title><style>{style}</style></head>'
        f"<body><h1>Data dictionary of {escape(source.name)}</h1>{''.join(body)}</body></html>\n",
    )
    files = [
        Written("data_dictionary.csv", "every column of every table"),
        Written("data_dictionary.html", "the same to read"),
    ]
    return files, []


def _described(column: Column) -> tuple[str, str, str]:
    low, high = ("" if end is None else f"{end:g}" for end in (column.low, column.high))
    allowed = ", ".join(column.choices) or (f"{low} to {high}".strip() if low or high else "")
    return column.kind + (", may be empty" if column.nullable else ""), column.about, allowed


def write_jasp(source: Source, folder: Path) -> tuple[list[Written], list[str]]:
    """One flat CSV for each analysis that JASP repeats."""
    files: list[Written] = []
    notes = [
        "JASP opens CSV files by File > Open. Set the type of every column (scale, ordinal, nominal) after opening."
    ]
    put(folder, "models.csv", to_csv(source.models()))
    files.append(
        Written("models.csv", "one row a model: what is known of it, and its scores; for plots, correlations, ANOVA")
    )
    solution = source.solution
    if isinstance(solution, str):
        notes.append(f"Exploratory factor analysis: {solution}")
    elif solution.source.X is None:
        notes.append(
            "Exploratory factor analysis: coefficients that no data have as their correlations were factored, which "
            "JASP cannot read; use the R hand-over."
        )
    else:
        put(folder, "words.csv", analysed(solution).to_csv(index=False, lineterminator="\n"))
        put(folder, "loadings.csv", solution.loadings.to_csv(lineterminator="\n"))
        files.append(Written("words.csv", "what was factored: one row a respondent, one column a word"))
        files.append(Written("loadings.csv", "our loadings of these words"))
        s = solution.settings
        method = {"minres": "Minimum residuals", "ml": "Maximum likelihood", "paf": "Principal axis factoring"}[
            s["method"]
        ]
        notes.append(
            f"Factor > Exploratory Factor Analysis with words.csv: manual number of factors {solution.n_factors}; "
            f"estimation method {method}; rotation {s['rotation']} "
            f"({'oblique' if solution.spec.oblique else 'orthogonal'}); based on the correlation matrix. JASP uses "
            "psych: loadings agree but for the order and the signs of factors, and the third decimal where the "
            "criterion is flat."
        )
    for k, (name, table) in enumerate(source.items().items(), 1):
        file = f"items_{k}.csv"
        put(folder, file, to_csv(table))
        files.append(Written(file, f"items of {name}: one row a model and sample, one column an item"))
    if source.items():
        notes.append(
            "Reliability > Unidimensional Reliability with an items file: alpha, with missing cases excluded listwise."
        )
    if len(source.ratings()):
        put(folder, "judges.csv", to_csv(source.ratings()))
        files.append(Written("judges.csv", "one row a completion and scale, one column a judge"))
        notes.append(
            "Reliability > Intraclass Correlation with judges.csv: each rater rates all (two-way random), ICC2,1."
        )
    scores = source.table("completion_scores")
    if len(scores):
        put(folder, "completion_scores.csv", to_csv(scores))
        files.append(Written("completion_scores.csv", "one row a completion and dimension"))
        notes.append(
            "Mixed Models > Linear Mixed Models with completion_scores.csv, one dimension filtered: score by "
            "model_id, random grouping factor item_id; estimated means are near our adjusted scores, which also "
            "take judges apart."
        )
    return files, notes
