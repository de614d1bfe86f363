"""Writing a commented study.yaml to start from."""

from __future__ import annotations

import json
from pathlib import Path

from valuelex.errors import SettingError, StudyFileError, writing
from valuelex.resources import find

TEMPLATES = ("demo", "replication")


def write_template(folder: Path, template: str) -> Path:
    """Write study.yaml into `folder` from a ready study of instruments/studies/; return its path.

    Raises
    ------
    SettingError
        For an unknown template.
    StudyFileError
        If the folder holds a study.yaml already: it is never overwritten.
    """
    if template not in TEMPLATES:
        raise SettingError(f"--template {template} is unknown.", f"The templates are: {', '.join(TEMPLATES)}.")
    path = folder / "study.yaml"
    if path.exists():
        raise StudyFileError(f"{path} exists already.", "Name another folder, or move the file away.")
    name = folder.resolve().name
    lines = []
    for line in find("studies", f"{template}.yaml").read_text(encoding="utf-8").splitlines():
        if line.startswith("results:"):
            continue  # the ready study writes into the checkout; a new one writes beside its file
        lines.append(f"name: {json.dumps(name, ensure_ascii=False)}" if line.startswith("name:") else line)
    with writing(path):
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return path
