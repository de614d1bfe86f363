"""``valuelex freeze``: settings, thresholds and files are written down and hashed before the data are seen.

frozen.yaml beside the study file holds the plan. Its own hash tells whether a hand changed it; what deviates from it is worked
out anew whenever it is looked at (`valuelex.study.deviations`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import yaml

from valuelex._version import __version__
from valuelex.errors import BadInput, writing
from valuelex.models.ledger import Ledger
from valuelex.models.ledger.scan import Oddities, scan
from valuelex.resources import instruments
from valuelex.study.file import StudyFile
from valuelex.study.manifest import LEDGER
from valuelex.study.named_files import named_files
from valuelex.study.thresholds import THRESHOLDS
from valuelex.tables import digest, digest_json, replace_file
from valuelex.tables.yaml_text import load_text

if TYPE_CHECKING:
    from valuelex.study.study import Study

FORMAT = 1
_HEAD = """# The plan of this study, fixed by `valuelex freeze`. Do not edit: a changed file is found by its sha256.
# A date on one's own machine proves little: put the sha256 where others can see it (OSF, a registered report, an e-mail).
"""
_KEYS = {
    *("format", "study", "frozen", "valuelex", "answers", "asked_again", "given", "settings", "files"),
    *("thresholds", "packaged", "history", "sha256"),
}
_THRESHOLD = {"name", "value", "where", "about"}
_ENTRY = {"frozen", "answers", "intact", "reason", "changes"}
_HIDDEN = "(hidden)"


@dataclass(frozen=True)
class Frozen:
    """A frozen plan as it stands in its file.

    Attributes
    ----------
    path : Path
    content : dict
        All of the file.
    intact : bool
        False if it is not what was frozen: its hash is another one.
    """

    path: Path
    content: dict[str, Any]
    intact: bool

    @property
    def when(self) -> str:
        return str(self.content["frozen"])

    @property
    def answers(self) -> int:
        """Answers that the ledger held already."""
        return int(self.content["answers"])

    @property
    def sha256(self) -> str:
        return str(self.content["sha256"])

    @property
    def history(self) -> list[dict[str, Any]]:
        """Earlier plans, the oldest first: when, how many answers, what was changed next, and why."""
        return list(self.content["history"])

    def summary(self) -> str:
        """When it was frozen, and whether that was before the data."""
        given = self.content["given"]
        tables = (
            f" It starts from given tables ({', '.join(given)}): whether these had been seen is not known."
            if given
            else ""
        )
        before = (
            "before any answer was in the ledger"
            if not self.answers
            else f"when {self.answers:,} answers were in the ledger already: no preregistration"
        )
        again = f" It had been frozen {len(self.history)} times before." if len(self.history) > 1 else ""
        again = " It had been frozen once before." if len(self.history) == 1 else again
        return f"Frozen {self.when} with valuelex {self.content['valuelex']}, {before}.{again}{tables} SHA-256 {self.sha256}."


def frozen_path(study_file: Path) -> Path:
    """Return where the plan of a study file lies: frozen.yaml beside study.yaml, NAME.frozen.yaml beside NAME.yaml."""
    return study_file.with_name("frozen.yaml" if study_file.stem == "study" else f"{study_file.stem}.frozen.yaml")


def plan_hash(study_file: Path) -> str:
    """Return the SHA-256 of the frozen plan's file; nothing where there is none."""
    place = frozen_path(study_file)
    return digest(place) if place.is_file() else ""


def freeze(study: Study, *, again: str | None = None, now: datetime | None = None) -> Frozen:
    """Write the plan of a study.

    Parameters
    ----------
    study : Study
        Its file and all files that it names are checked first.
    again : str, optional
        The reason why an earlier plan is replaced; that plan's place in the history says what was changed.
    now : datetime, optional
        Default: this moment.

    Raises
    ------
    BadInput
        If there is a plan already and no reason, or a reason and no plan; or if a file that the study names is missing.
    ResultsFolderError
        If the file cannot be written.
    """
    from valuelex.study.deviations import differences

    path = frozen_path(study.path)
    earlier = read_frozen(path) if path.exists() else None
    if earlier is not None and again is None:
        raise BadInput(
            f"{path}: the plan was frozen on {earlier.when}.",
            'To replace it, say why: valuelex freeze STUDY --again "REASON".',
        )
    if again is not None and (earlier is None or not again.strip()):
        what = "there is no plan yet" if earlier is None else "the reason is empty"
        raise BadInput(f"{path}: {what}.", "Leave --again out." if earlier is None else "Say why the plan is replaced.")
    study.check()
    plan = current_plan(study.file, study.folder)
    missing = sorted(name for name, sha in plan["files"].items() if sha is None)
    if missing:
        raise BadInput(
            f"{study.folder / missing[0]} does not exist: a plan with a missing file cannot be frozen.",
            "Write the file, or take it out of the study file.",
        )
    answers, asked_again = ledger_counts(study.results)
    history = []
    if earlier is not None:
        changes = [{"key": d.key, "before": d.frozen, "after": d.now} for d in differences(earlier.content, plan)]
        entry = {name: earlier.content[name] for name in ("frozen", "valuelex", "answers", "sha256")}
        history = [*earlier.history, entry | {"intact": earlier.intact, "reason": again, "changes": changes}]
    content: dict[str, Any] = {
        "format": FORMAT,
        "study": study.file.name,
        "frozen": (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
        "valuelex": __version__,
        "answers": answers,
        "asked_again": asked_again,
        "given": sorted(study.file.inputs),
        **plan,
        "history": history,
    }
    content = yaml.safe_load(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))  # hashed as it is read back
    content["sha256"] = digest_json(content)
    text = _HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    with writing(path):
        replace_file(path, text.encode())
    return Frozen(path, content, intact=True)


def read_frozen(path: Path) -> Frozen:
    """Read a plan and check its hash.

    Raises
    ------
    BadInput
        If the file cannot be read or is no frozen plan.
    """
    try:
        content = load_text(path.read_text(encoding="utf-8"))
        if _is_plan(content):
            plain = {key: value for key, value in content.items() if key != "sha256"}
            return Frozen(path, content, intact=digest_json(plain) == content["sha256"])
    except (OSError, ValueError, TypeError, yaml.YAMLError):
        pass
    raise BadInput(
        f"{path}: is no frozen plan, or one that was changed beyond reading.", "Put back the file that freeze wrote."
    )


def _is_plan(content: Any) -> bool:
    """Whether a file has the form of a plan, so that nothing that reads it can stumble."""
    if not isinstance(content, dict) or set(content) != _KEYS or content["format"] != FORMAT:
        return False
    kinds: dict[str, type] = {"settings": dict, "files": dict, "thresholds": list, "history": list, "given": list}
    kinds |= {"answers": int, "asked_again": int}
    if not all(isinstance(content[name], kind) for name, kind in kinds.items()):
        return False
    models = content["settings"].get("models", [])
    lists = ((content["thresholds"], _THRESHOLD), (content["history"], _ENTRY), (models, {"id"}))
    rows = [(row, keys) for found, keys in lists if isinstance(found, list) for row in found]
    if not isinstance(models, list) or not all(isinstance(row, dict) and keys <= set(row) for row, keys in rows):
        return False
    if not all(isinstance(name, str) for name in [*content["given"], *(m["id"] for m in models)]):
        return False
    changes = [change for entry in content["history"] for change in entry["changes"]]
    return all(isinstance(c, dict) and {"key", "before", "after"} <= set(c) for c in changes)


def current_plan(file: StudyFile, folder: Path) -> dict[str, Any]:
    """Return what is fixed: settings with every default, hashes of the user's files, thresholds, packaged content.

    Returns
    -------
    dict
        `settings`, `files` (name -> SHA-256, None where missing), `thresholds`, `packaged` (SHA-256).
    """
    files = {name: None if path is None else digest(path) for name, path in sorted(named_files(file, folder).items())}
    thresholds = [
        {"name": t.name, "value": t.value, "where": f"{t.module}.{t.constant}", "about": t.about} for t in THRESHOLDS
    ]
    settings = without_secrets(file.model_dump(mode="json"))
    return {"settings": settings, "files": files, "thresholds": thresholds, "packaged": packaged_digest()}


def packaged_digest() -> str:
    """Return a digest of the packaged prompts, lists, stems, manuals, taxonomies and the registry."""
    root = instruments()
    found = sorted(p for p in root.rglob("*") if p.is_file() and "studies" not in p.parts)
    return digest_json({p.relative_to(root).as_posix(): digest(p) for p in found})


def ledger_counts(results: Path) -> tuple[int, int]:
    """Return how many answers the ledger holds, and how many calls were asked again after an error or a filter."""
    path = results / LEDGER
    if not path.is_file():
        return 0, 0
    failed: set[bytes] = set()
    again: set[bytes] = set()
    for line in scan(path, Oddities()):
        if line.key in failed:
            again.add(line.key)
        if not line.usable:
            failed.add(line.key)
    return Ledger(path, mend=False).n_answers, len(again)


def without_secrets(value: Any) -> Any:
    """Settings as they may be published: what stands before the @ of an address, its query, and header values are hidden.

    The name of a model and of a variable in an address stays: `?model=NAME&api_key_env=VARIABLE`.
    """
    if isinstance(value, Mapping):
        return {
            k: dict.fromkeys(v, _HIDDEN) if k == "headers" and isinstance(v, Mapping) else without_secrets(v)
            for k, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [without_secrets(v) for v in value]
    if isinstance(value, str) and "://" in value:
        return _address(value)
    return value


def _address(text: str) -> str:
    before, _, rest = text.rpartition(":http")
    start = f"{before}:" if before else ""
    try:
        parts = urlsplit(f"http{rest}" if before else text)
    except ValueError:
        return _HIDDEN
    host = parts.netloc.rpartition("@")
    netloc = f"{_HIDDEN}@{host[2]}" if host[1] else parts.netloc
    kept = [
        (k, v if k in ("model", "api_key_env") else _HIDDEN) for k, v in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return start + parts._replace(netloc=netloc, query=urlencode(kept, safe="/:() "), fragment="").geturl()
