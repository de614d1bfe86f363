"""What deviates from a frozen plan: worked out from the plan and the study as it is now, each time it is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from valuelex._version import __version__
from valuelex.study.file import StudyFile
from valuelex.study.flat import NOT_THERE, changed, flat
from valuelex.study.freeze import Frozen, current_plan, frozen_path, ledger_counts, plan_hash, read_frozen
from valuelex.study.freshness import plain
from valuelex.study.manifest import read_manifest

Kind = Literal["plan", "version", "model", "setting", "file", "threshold", "packaged", "calls"]

_PLACES = frozenset({"results"})
"""Settings that say where things lie, not what is done."""


@dataclass(frozen=True)
class Deviation:
    """One thing that is not as it was frozen.

    Attributes
    ----------
    kind : str
        plan (the file itself), version, model, setting, file, threshold, packaged, calls.
    key : str
        Which one.
    frozen, now : str
        Its value then and now.
    """

    kind: Kind
    key: str
    frozen: str
    now: str

    def __str__(self) -> str:
        return f"{self.key}: {self.frozen} -> {self.now}"


@dataclass(frozen=True)
class Standing:
    """A frozen plan, and what deviates from it."""

    frozen: Frozen
    deviations: tuple[Deviation, ...]

    def summary(self) -> str:
        """The plan and every deviation, a line each."""
        head = [self.frozen.summary()]
        if not self.deviations:
            return "\n".join([*head, "Nothing deviates from it."])
        return "\n".join([*head, f"Deviations from it: {len(self.deviations)}", *(f"  {d}" for d in self.deviations)])


def standing(path: Path, file: StudyFile, folder: Path, results: Path) -> Standing | None:
    """Return how a study stands to its frozen plan; None if nothing was frozen.

    Parameters
    ----------
    path : Path
        The study file.
    file : StudyFile
        Its content.
    folder, results : Path
        Where it lies, and its results.

    Raises
    ------
    BadInput
        If the plan cannot be read.
    """
    place = frozen_path(path)
    if not place.exists():
        return None
    frozen = read_frozen(place)
    found = [] if frozen.intact else [Deviation("plan", place.name, frozen.sha256[:16], "changed by hand since")]
    if frozen.content["valuelex"] != __version__:
        found.append(Deviation("version", "valuelex", str(frozen.content["valuelex"]), __version__))
    found += differences(frozen.content, current_plan(file, folder))
    _, again = ledger_counts(results)
    before = int(frozen.content["asked_again"])
    if again > before:
        found.append(Deviation("calls", "calls asked again after an error or a filter", str(before), str(again)))
    return Standing(frozen, tuple(found))


def lost_plan(study_file: Path, results: Path) -> str | None:
    """Say that a plan was there when something last ran, and is gone; None otherwise."""
    found = read_manifest(results)
    if found is None or not found.plan or plan_hash(study_file):
        return None
    return (
        f"A plan of this study had been frozen (SHA-256 of its file {found.plan[:16]}...) and is gone: what deviates from it "
        "cannot be said."
    )


def differences(frozen: Mapping[str, Any], now: Mapping[str, Any]) -> list[Deviation]:
    """Return what differs between two plans, each with `settings`, `files`, `thresholds` and `packaged`."""
    old, new = (_settings(plan["settings"]) for plan in (frozen, now))
    models = [{m["id"]: m for m in settings.pop("models", [])} for settings in (old, new)]
    out = [
        Deviation("model", f"models[{name}]", NOT_THERE if name not in models[0] else "there", _there(name, models[1]))
        for name in [*models[0], *(n for n in models[1] if n not in models[0])]
        if (name in models[0]) != (name in models[1])
    ]
    for name in (n for n in models[0] if n in models[1]):
        out += _changed("setting", flat(models[0][name], f"models[{name}]"), flat(models[1][name], f"models[{name}]"))
    out += _changed("setting", flat(old), flat(new))
    files = [{name: sha for name, sha in plan["files"].items() if sha is not None} for plan in (frozen, now)]
    out += _changed("file", *files, short=True)
    values = [{str(t["name"]): t["value"] for t in plan["thresholds"]} for plan in (frozen, now)]
    out += _changed("threshold", *values)
    if frozen["packaged"] != now["packaged"]:
        what = "packaged prompts, lists, stems and manuals"
        out.append(Deviation("packaged", what, str(frozen["packaged"])[:16], str(now["packaged"])[:16]))
    return out


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = plain({k: v for k, v in settings.items() if k not in _PLACES})
    return kept


def _there(name: str, models: Mapping[str, Any]) -> str:
    return "there" if name in models else NOT_THERE


def _changed(kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any], *, short: bool = False) -> list[Deviation]:
    return [Deviation(kind, *row) for row in changed(old, new, longest=16 if short else None)]
