"""``valuelex pack``: one zip for OSF or Zenodo, with manifest, README, data dictionary and RO-Crate metadata.

The same results give the same bytes: entries are in a fixed order and carry a fixed date. Unpacked, the folder is a study that
``valuelex replay`` rebuilds from its ledger.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from valuelex.errors import BadInput, ResultsFolderError, writing
from valuelex.models import ModelSettings
from valuelex.study.crate import crate_metadata, data_dictionary, readme
from valuelex.study.embedding import BOUGHT, key_variable
from valuelex.study.freeze import frozen_path
from valuelex.study.freshness import plain
from valuelex.study.manifest import FILE, LEDGER, Manifest, read_manifest
from valuelex.study.named_files import named_files
from valuelex.study.study import Study
from valuelex.tables import CSV_ONLY, DOCUMENTS, TABLES, digest_json

_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Packed:
    """What was packed.

    Attributes
    ----------
    path : Path
    files : tuple of str
        Names in the zip.
    """

    path: Path
    files: tuple[str, ...]


def pack(study: Study, out: Path | None = None, *, licence: str | None = None, author: str | None = None) -> Packed:
    """Write a study with its results into one zip.

    Parameters
    ----------
    study : Study
    out : Path, optional
        Must not exist; default: ``NAME.zip`` in the current folder.
    licence : str, optional
        SPDX id of the licence that you give your data, such as CC-BY-4.0.
    author : str, optional

    Raises
    ------
    ResultsFolderError
        If there are no results, the study file has changed since, a run is under way, or `out` exists or cannot be written.
    BadInput
        If a file that the study names lies outside its folder, or the value of one of its secret variables stands in a file.
    """
    manifest = read_manifest(study.results)
    if manifest is None:
        raise ResultsFolderError(
            f"{study.results}: holds no results.", f"Run the study first: valuelex run {study.folder}"
        )
    path = out or Path(f"{_plain(study.file.name)}.zip")
    if path.exists():
        raise ResultsFolderError(f"{path} exists already.", "Name another file with --out, or move it away.")
    if _without_place(manifest.settings) != _without_place(plain(study.file)):
        raise ResultsFolderError(
            f"{study.path}: has changed since its results were made.",
            f"Run the study again first: valuelex run {study.folder}",
        )
    with study.locked():
        return _pack(study, manifest, path, licence, author)


def _pack(study: Study, manifest: Manifest, path: Path, licence: str | None, author: str | None) -> Packed:
    sources = {**_of_the_study(study), **_of_the_results(study)}
    population = study.population([])
    _check_secrets(study, [*sources.values(), study.path])
    made = {
        "study.yaml": _own_results(study.path.read_text(encoding="utf-8")),
        "data_dictionary.csv": data_dictionary([name for name in sources if name.startswith("results/")]),
        "README.md": readme(study.file.name, manifest, population, sorted(sources), licence=licence, author=author),
    }
    sums = {name: _describe(content.encode()) for name, content in made.items()}
    sums |= {name: _describe_file(source) for name, source in sources.items()}
    made["ro-crate-metadata.json"] = crate_metadata(study.file.name, manifest, sums, licence=licence, author=author)
    _write(path, made, sources)
    return Packed(path, tuple(sorted([*made, *sources])))


def _of_the_study(study: Study) -> dict[str, Path]:
    """The user's own files that the study file names: prompts, lists, edits, tables to start from, and its frozen plan."""
    found = {}
    for place in (path for path in named_files(study.file, study.folder).values() if path is not None):
        inside = Path(os.path.relpath(place.resolve(), study.folder))
        if inside.parts[0] == "..":
            raise BadInput(
                f"{place}: lies outside the study's folder and cannot be packed.",
                "Move it into the folder of study.yaml.",
            )
        found[inside.as_posix()] = place
    plan = frozen_path(study.path)
    return found | ({"frozen.yaml": plan} if plan.is_file() else {})


def _of_the_results(study: Study) -> dict[str, Path]:
    names = [FILE, LEDGER, BOUGHT, *DOCUMENTS.values(), *(f"{t}.csv" for t in TABLES)]
    names += [f"{t}.parquet" for t in TABLES if t not in CSV_ONLY]
    return {f"results/{n}": study.results / n for n in sorted(set(names)) if (study.results / n).is_file()}


def _check_secrets(study: Study, paths: list[Path]) -> None:
    """Refuse to pack a file that holds the value of a variable that the study names as secret."""
    asked = study.file
    judges = [*asked.judges, asked.lexicon.judge, asked.taxonomy.namer, asked.instrument.writer]
    settings = [*study.file.models, *(j for j in judges if isinstance(j, ModelSettings))]
    variables = {v for s in settings for v in (s.api_key_env, *s.headers_env.values()) if v}
    embeddings = [study.file.taxonomy.embedding, *study.file.multiverse.embedding]
    variables |= {v for v in map(key_variable, embeddings) if v}
    secrets = {v: os.environ[v].encode() for v in sorted(variables) if len(os.environ.get(v, "")) >= 8}
    for path in paths if secrets else []:
        with path.open("rb") as file:
            tail = b""
            while block := file.read(2**20):
                for variable, secret in secrets.items():
                    if secret in tail + block:
                        raise BadInput(
                            f"{path}: holds the value of ${variable}.",
                            "Nothing was packed. Change the key, and remove it from the file.",
                        )
                tail = block[-max(map(len, secrets.values())) :]


def _own_results(text: str) -> str:
    """The study file with its results beside it, wherever they lay before and however the key is written."""
    tree = yaml.compose(text)
    for key, value in tree.value if isinstance(tree, yaml.MappingNode) else []:
        if key.value == "results":
            end = "\n" if text[: value.end_mark.index].endswith("\n") else ""
            return text[: value.start_mark.index] + "results" + end + text[value.end_mark.index :]
    return text


def _without_place(settings: dict[str, Any]) -> str:
    """A digest of all settings but where the results lie, which a packed study has changed."""
    return digest_json({key: value for key, value in settings.items() if key != "results"})


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "study"


def _describe(content: bytes) -> tuple[int, str]:
    return len(content), hashlib.sha256(content).hexdigest()


def _describe_file(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, made: dict[str, str], sources: dict[str, Path]) -> None:
    """Write the zip beside its place, then rename it: a zip that is there is whole."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                for name in sorted([*made, *sources]):
                    entry = zipfile.ZipInfo(str(PurePosixPath(name)), _DATE)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    entry.external_attr = 0o644 << 16
                    with archive.open(entry, "w", force_zip64=True) as target:
                        if name in made:
                            target.write(made[name].encode())
                            continue
                        with sources[name].open("rb") as source:
                            while block := source.read(2**20):
                                target.write(block)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
