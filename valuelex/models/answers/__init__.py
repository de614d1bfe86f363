"""What kind of answer came back. Nothing is dropped: each answer gets a status, a reason, and every label that it earns."""

from valuelex.models.answers.assess import LABELS, LONGEST, Quality, assess, inert
from valuelex.models.answers.classify import CUT_OFF, classify

__all__ = ["CUT_OFF", "LABELS", "LONGEST", "Quality", "assess", "classify", "inert"]
