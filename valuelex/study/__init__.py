"""Floor 4: the study file, the stages and what each reads and writes, the manifest, resuming."""

from valuelex.study.file import StudyFile, load_study_file
from valuelex.study.manifest import LEDGER, Manifest, StageRecord, read_manifest
from valuelex.study.stages import STAGES, Stage, needed
from valuelex.study.study import Listener, StageStatus, Study, set_reporter

__all__ = [
    "LEDGER",
    "STAGES",
    "Listener",
    "Manifest",
    "Stage",
    "StageRecord",
    "StageStatus",
    "Study",
    "StudyFile",
    "load_study_file",
    "needed",
    "read_manifest",
    "set_reporter",
]
