"""What the comparison of two taxonomies gave, as tables and as text."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

NO_DIMENSION = "no dimension"
MOST_LISTED = 40
"""Words, or settings, that the summary lists; the tables hold all."""


@dataclass(frozen=True, eq=False)
class TaxonomyDiff:
    """Two taxonomies compared; A is the first, B the second.

    Attributes
    ----------
    names : (str, str)
        What A and B are called.
    about : DataFrame
        what, a, b: date, models, languages, counts, whether interpretable.
    agreement : DataFrame
        level (dimension, subdimension), n_words (placed in both), adjusted_rand_index (at most 1; 0 is chance),
        normalised_mutual_information (0 .. 1); NaN with fewer than two words.
    dimensions : DataFrame
        a, b (the match, empty where there is none), n_a, n_b, n_common (of the words that both know), jaccard (0 .. 1),
        congruence (Tucker's, -1 .. 1; NaN where one side has no loadings), n_loadings (words behind it).
    words : DataFrame
        word, status (same; moved: to a dimension that does not correspond; moved within: to another subdimension of the same
        dimension; only in A; only in B), a, b (its dimensions), sub_a, sub_b (its subdimensions).
    factors : DataFrame
        a, b, congruence, n_words.
    settings : DataFrame
        key, a, b: those that differ, where both are known.
    notes : tuple of str
        What has to be known to read it.
    """

    names: tuple[str, str]
    about: pd.DataFrame
    agreement: pd.DataFrame
    dimensions: pd.DataFrame
    words: pd.DataFrame
    factors: pd.DataFrame
    settings: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def moved(self) -> pd.DataFrame:
        """Words of both whose dimensions do not correspond: word, a, b."""
        return self._of("moved")

    @property
    def moved_within(self) -> pd.DataFrame:
        """Words that moved to another subdimension of their dimension: word, a, b (the subdimensions)."""
        table = self.words.loc[self.words["status"] == "moved within", ["word", "sub_a", "sub_b"]]
        return table.set_axis(["word", "a", "b"], axis=1).reset_index(drop=True)

    @property
    def only_a(self) -> list[str]:
        """Words that A alone holds."""
        return [str(w) for w in self._of("only in A")["word"]]

    @property
    def only_b(self) -> list[str]:
        """Words that B alone holds."""
        return [str(w) for w in self._of("only in B")["word"]]

    @property
    def unmatched(self) -> tuple[list[str], list[str]]:
        """Dimensions of A, and of B, without a counterpart."""
        table = self.dimensions
        return (
            [str(d) for d in table.loc[table["b"].isna(), "a"]],
            [str(d) for d in table.loc[table["a"].isna(), "b"]],
        )

    @property
    def is_empty(self) -> bool:
        """Whether every word stands in the same place in both; names and settings may differ."""
        return bool((self.words["status"] == "same").all()) and not any(self.unmatched)

    def _of(self, status: str) -> pd.DataFrame:
        return self.words.loc[self.words["status"] == status, ["word", "a", "b"]].reset_index(drop=True)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name."""
        names = ("about", "agreement", "dimensions", "words", "factors", "settings")
        return {name: getattr(self, name) for name in names}

    def to_frame(self) -> pd.DataFrame:
        """Return the table of matched dimensions."""
        return self.dimensions.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, empty cells as None."""
        tables = {}
        for name, table in self.tables().items():
            plain = table.astype(object).where(table.notna(), None)
            tables[name] = [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]
        return {"a": self.names[0], "b": self.names[1], "empty": self.is_empty, **tables, "notes": list(self.notes)}

    def summary(self) -> str:
        """Return it as text."""
        parts = [self._headline(), _aligned(self.about.itertuples(index=False), ("", "A", "B"))]
        parts += [f"Note: {note}" for note in self.notes]
        parts.append(self._agreement())
        rows = [
            (
                row.a if isinstance(row.a, str) else "-",
                row.b if isinstance(row.b, str) else "-",
                f"{row.n_common} of {row.n_a} and {row.n_b}",
                _number(row.jaccard),
                _number(row.congruence),
            )
            for row in self.dimensions.itertuples(index=False)
        ]
        if rows:
            parts.append("Dimensions\n" + _aligned(rows, ("A", "B", "words in common", "Jaccard", "congruence")))
        if len(self.factors):
            rows_f = [(row.a, row.b, _number(row.congruence)) for row in self.factors.itertuples(index=False)]
            parts.append("Factors\n" + _aligned(rows_f, ("A", "B", "congruence")))
        parts.append(self._words())
        if len(self.settings):
            shown = [tuple(str(v)[:60] for v in row) for row in self.settings.head(MOST_LISTED).itertuples(index=False)]
            more = f"\n... and {len(self.settings) - MOST_LISTED} more" if len(self.settings) > MOST_LISTED else ""
            parts.append("Settings that differ\n" + _aligned(shown, ("key", "A", "B")) + more)
        return "\n\n".join(parts)

    def _headline(self) -> str:
        n = int(self.words["status"].isin(["same", "moved", "moved within"]).sum())
        moved = f"{len(self.moved)} words moved, {len(self.moved_within)} more within their dimension"
        what = "the same places for all words" if self.is_empty else moved
        return f"A: {self.names[0]}\nB: {self.names[1]}\n{n} words in both; {what}."

    def _agreement(self) -> str:
        rows = [
            (row.level, str(row.n_words), _number(row.adjusted_rand_index), _number(row.normalised_mutual_information))
            for row in self.agreement.itertuples(index=False)
        ]
        return "Agreement on the words that both placed\n" + _aligned(rows, ("level", "words", "ARI", "NMI"))

    def _words(self) -> str:
        lines = _moves("Words that moved", self.moved, NO_DIMENSION)
        if len(self.moved_within):
            lines += _moves("Words that moved within their dimension", self.moved_within, "no subdimension")
        for side, words in (("A", self.only_a), ("B", self.only_b)):
            more = f", ... and {len(words) - MOST_LISTED} more" if len(words) > MOST_LISTED else ""
            lines.append(
                f"Only in {side}: {len(words)}" + (f" ({', '.join(words[:MOST_LISTED])}{more})" if words else "")
            )
        for side, names in zip("AB", self.unmatched, strict=True):
            if names:
                lines.append(f"Dimensions of {side} without a counterpart: {', '.join(names)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<p>{escape(line)}</p>" for line in [*self._headline().splitlines(), *self.notes])
        tables = (self.dimensions, self.agreement, self.moved)
        return head + "".join(
            t.to_html(index=False, border=0, na_rep="", float_format=lambda v: f"{v:.3f}") for t in tables
        )


def _moves(title: str, table: pd.DataFrame, nowhere: str) -> list[str]:
    lines = [f"{title}: {len(table)}"]
    lines += [
        "  {}: {} -> {}".format(*(nowhere if pd.isna(cell) else cell for cell in row))
        for row in table.head(MOST_LISTED).itertuples(index=False)
    ]
    if len(table) > MOST_LISTED:
        lines.append(f"  ... and {len(table) - MOST_LISTED} more")
    return lines


def _number(value: Any) -> str:
    return "-" if value != value else f"{value:.2f}"


def _aligned(rows: Any, heads: tuple[str, ...]) -> str:
    """Columns of equal width."""
    table = [heads, *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table)
