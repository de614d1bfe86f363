"""What the analyses start from: the tables of the study, and what they do not say."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, eq=False)
class Source:
    """The study's tables that the analyses start from.

    Attributes
    ----------
    words, lexicon, assignments : DataFrame
        The tables of these names; `assignments` says which dimensions are looked for.
    responses : DataFrame, optional
        Says which prompt each answer belongs to; without it a column `prompt_id` of `words` may.
    crosswalk : DataFrame, optional
        Says which words belong to the published dimensions.
    value_filter : DataFrame, optional
        Says which judges call a word a value.
    least_respondents : int
        Words that fewer respondents named are left out, as in the lexicon.
    """

    words: pd.DataFrame
    lexicon: pd.DataFrame
    assignments: pd.DataFrame
    responses: pd.DataFrame | None = None
    crosswalk: pd.DataFrame | None = None
    value_filter: pd.DataFrame | None = None
    least_respondents: int = 2

    def prompts(self) -> pd.Series | None:
        """The prompt of each row of `words`, by the table `responses` or by the words themselves; None where not known."""
        if self.responses is not None:
            asked = self.responses.set_index("response_id")["prompt_id"].astype(object)
            return self.words["response_id"].astype(object).map(asked)
        if "prompt_id" in self.words and self.words["prompt_id"].notna().any():
            return self.words["prompt_id"].astype(object)
        return None

    def prompt_ids(self) -> list[str] | None:
        """The prompts of the words; None where they are not known."""
        found = self.prompts()
        return None if found is None else sorted({str(p) for p in found.dropna()}) or None

    def unavailable(self) -> dict[tuple[str, str], str]:
        """Levels that need a column or table that is not there."""
        out = {}
        kept = self.words[self.words["kept"].fillna(False).astype(bool)]
        for name in ("lemma", "token"):
            if name not in kept.columns or kept[name].isna().all():
                out["normalisation", name] = f"The table words says no {name}."
        if self.value_filter is None or self.value_filter.empty:
            for name in ("lexicon", "unanimous"):
                out["filter", name] = "There is no table value_filter: the words were given."
        return out

    def allowed(self, rule: str) -> set[str] | None:
        """The words that count by a rule of the choice `filter`; None for all."""
        if rule == "study" or self.value_filter is None:
            return None
        said = self.value_filter.assign(is_value=(self.value_filter["verdict"] == "value").fillna(False).astype(bool))
        if rule == "lexicon":
            said = said[said["judge"] == "lexicon"]
        unanimous = said.groupby("word")["is_value"].all()
        return {str(w) for w in unanimous.index[unanimous]}

    def by_meaning_alone(self) -> bool:
        """Whether the study's own words could not be factored, so that its dimensions rest on meaning."""
        if "placed_by" not in self.assignments.columns:
            return False
        said = self.assignments["placed_by"].dropna().astype(str)
        placed = said[~said.str.startswith("unassigned") & (said != "edit")]
        return len(placed) > 0 and bool((placed == "meaning").all())
