"""What every result of this package can do: a text summary, one tidy frame, and an HTML view in notebooks."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd


class Result:
    """Base of all results: subclasses give `to_frame` and, where a headline helps, `_headline`."""

    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Return the main table of this result as one DataFrame."""
        raise NotImplementedError

    def _headline(self) -> str:
        return type(self).__name__

    def _note(self) -> str:
        return "; ".join(f"{key} = {value}" for key, value in self.settings.items() if value is not None)

    def summary(self) -> str:
        """Return headline, main table and settings as text, numbers rounded to three decimals for reading only."""
        table = self.to_frame().to_string(float_format=lambda value: f"{value:.3f}")
        return f"{self._headline()}\n\n{table}\n\nSettings: {self._note()}"

    def _repr_html_(self) -> str:
        table = self.to_frame().to_html(float_format=lambda value: f"{value:.3f}", border=0)
        return f"<p><strong>{escape(self._headline())}</strong></p>{table}<p><small>{escape(self._note())}</small></p>"
