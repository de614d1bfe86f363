"""The call ledger: every call that returned, append-only. All else in a study is recomputable."""

from valuelex.models.ledger.files import Merged, merge, split
from valuelex.models.ledger.ledger import Ledger

__all__ = ["Ledger", "Merged", "merge", "split"]
