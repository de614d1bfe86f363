"""What Inspect registers: it finds this module through the entry point ``inspect_ai``."""

from valuelex.study.inspection.task import embedded_judge, projective

__all__ = ["embedded_judge", "projective"]
