"""What kind of answer came back: usable, refused, empty, or degenerate. Nothing is dropped: each gets a label and a reason."""

from valuelex.models.answers.classify import CUT_OFF, classify

__all__ = ["CUT_OFF", "classify"]
