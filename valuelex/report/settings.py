"""The section `settings`: the whole study file, versions, seeds, and fingerprints of every file."""

from __future__ import annotations

from valuelex.report.content import Block, Column, Details, Listing, Section, Table
from valuelex.report.evidence import Evidence
from valuelex.report.wording import NONE, count, whole
from valuelex.study import Manifest

NAME, TITLE = "settings", "Settings, versions, fingerprints"


def section(evidence: Evidence) -> Section:
    """Turn study file and manifest into the section. Times are left out: the page tells the same of the same tables."""
    import yaml

    content = evidence.file.model_dump(mode="json", exclude_unset=True)
    complete = evidence.file.model_dump(mode="json")
    manifest = evidence.manifest
    blocks: list[Block] = []
    if manifest is None:
        findings = ["The results folder has no manifest: who made its tables, and with which versions, is not known."]
    else:
        files = sum(len(record.outputs) for stage, record in manifest.stages.items() if stage != "report")
        findings = [
            f"Seed {manifest.seed}, valuelex {manifest.valuelex}, Python {manifest.python}; {count(files, 'file')} with "
            "their SHA-256. From the same ledger of answers, the same study file makes the same tables."
        ]
        blocks += [_versions(manifest), Details(f"SHA-256 of {count(files, 'file')}", (_files(manifest),))]
    blocks.insert(
        0,
        Details(
            "The study file, as it was given",
            (Listing("study.yaml", yaml.safe_dump(content, sort_keys=False, allow_unicode=True)),),
        ),
    )
    blocks.insert(
        1,
        Details(
            "The study file with every default",
            (Listing("complete settings", yaml.safe_dump(complete, sort_keys=False, allow_unicode=True)),),
        ),
    )
    return Section(NAME, TITLE, findings, blocks)


def _versions(manifest: Manifest) -> Table:
    rows = [["valuelex", manifest.valuelex], ["Python", manifest.python]]
    rows += [[name, version or "not installed"] for name, version in manifest.packages.items()]
    heads = (Column("software", code=True), Column("version"))
    return Table(
        "settings-versions",
        "Versions",
        heads,
        [list(r) for r in rows],
        "Packages that can move a number, from manifest.json.",
    )


def _files(manifest: Manifest) -> Table:
    rows: list[list[str]] = []
    for stage, record in manifest.stages.items():
        if stage == "report":
            continue
        for file, sha in record.outputs.items():
            table = file.rsplit(".", 1)[0]
            rows.append([stage, file, whole(record.counts[table]) if table in record.counts else NONE, sha])
    heads = (
        Column("stage", code=True),
        Column("file", code=True),
        Column("rows", number=True),
        Column("SHA-256", code=True),
    )
    return Table(
        "settings-files", "Files", heads, [list(r) for r in rows], "Of every table and document, from manifest.json."
    )
