"""The figures of docs/validation.md, recomputed: `valuelex verify --full`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from valuelex.errors import SettingError
from valuelex.taxonomy.recovery import CHAINS, OURS, recover_all, summarise

DRAWS = 20
"""Populations of each setting."""

SEED = 7

NAIVE = ("Pearson, Kaiser, varimax, largest loading", "Pearson, parallel analysis, varimax, largest loading")
"""The outline of the paper, as most would fill it and as a careful analyst would."""

FLOORS = (
    ("moderate", "ari", 0.80),
    ("moderate", "right_number", 0.80),
    ("across meaning", "ari", 0.80),
    ("across meaning", "differ", 0.95),
    ("hard", "ari", 0.60),
    ("null", "not_factorable", 0.95),
)
"""What the chain must reach: setting, figure, floor."""

NAMES = {
    "ari": "mean adjusted Rand index",
    "right_number": "share with the right number of dimensions",
    "not_factorable": "share not factorable",
    "differ": "share said to differ from meaning",
}


@dataclass(frozen=True, eq=False)
class Validation:
    """What a recovery study gave.

    Attributes
    ----------
    table : DataFrame
        `recovery.summarise` of all settings and chains.
    checks : DataFrame
        One row per floor: what, figure, floor, ok.
    draws, seed : int
    """

    table: pd.DataFrame
    checks: pd.DataFrame
    draws: int
    seed: int

    @property
    def passed(self) -> bool:
        """Whether every floor was reached."""
        return bool(self.checks["ok"].all())

    def summary(self) -> str:
        """Both tables as text."""
        head = f"Recovery of known dimensions, {self.draws} simulated populations a setting, seed {self.seed}."
        shown = self.table.drop(columns="draws").round(2).to_string(index=False)
        return "\n\n".join([head, shown, self.checks.round(3).to_string(index=False)])

    def to_markdown(self) -> str:
        """The section of docs/validation.md."""
        lines = [
            "## Recovery of known dimensions",
            "",
            f"Made by `valuelex verify --full --write docs/validation.md`: {self.draws} simulated populations of each "
            f"setting, seed {self.seed} (`valuelex.taxonomy.simulation`: Plackett-Luce answers of 3 to 10 words, "
            "near-synonyms, 10 % words without a dimension, configurations nested in models). ARI: adjusted Rand index over "
            "the words that belong to a dimension, with its 10th and 90th percentile over draws; words left unassigned "
            "count against it.",
            "",
            "| setting | chain | ARI | right number | within one | not factorable | said to differ from meaning |",
            "|---|---|---:|---:|---:|---:|---:|",
        ]
        for row in self.table.to_dict("records"):
            ari = "" if pd.isna(row["ari"]) else f"{row['ari']:.2f} [{row['ari_10']:.2f}, {row['ari_90']:.2f}]"
            shares = " | ".join(f"{100 * row[key]:.0f} %" for key in ("right_number", "within_one", "not_factorable"))
            differ = "" if pd.isna(row["differ"]) else f"{100 * row['differ']:.0f} %"
            lines.append(f"| {row['setting']} | {row['chain']} | {ari} | {shares} | {differ} |")
        lines += ["", "| what | figure | floor | reached |", "|---|---:|---:|---|"]
        for row in self.checks.to_dict("records"):
            reached = "yes" if row["ok"] else "**no**"
            lines.append(f"| {row['what']} | {row['figure']:.2f} | {row['floor']:.2f} | {reached} |")
        return "\n".join(lines) + "\n"


def validate(draws: int = DRAWS, seed: int = SEED) -> Validation:
    """Simulate populations of every setting, run every chain, and hold this project's against the floors.

    Parameters
    ----------
    draws : int
        Populations of each setting; the first ones are the same whatever the number.
    seed : int
    """
    if draws < 1:
        raise SettingError(f"draws is {draws}.", "Give at least 1.")
    every = tuple(CHAINS)
    settings = {"moderate": every, "across meaning": every, "hard": every, "null": (OURS, *NAIVE)}
    each = [recover_all(name, draws, seed, chains=chains) for name, chains in settings.items()]
    table = summarise(pd.concat(each, ignore_index=True))
    rows: list[dict[str, Any]] = []
    figures = {(row["setting"], row["chain"]): row for row in table.to_dict("records")}
    for setting, figure, floor in FLOORS:
        value = float(figures[setting, OURS][figure])
        rows.append({"what": f"{setting}: {NAMES[figure]}", "figure": value, "floor": floor, "ok": value >= floor})
    for setting, chain in ((s, c) for s in ("moderate", "across meaning", "hard") for c in NAIVE):
        value, naive = (float(figures[setting, name]["ari"]) for name in (OURS, chain))
        what = f"{setting}: {NAMES['ari']}, above that of {chain}"
        rows.append({"what": what, "figure": value, "floor": naive, "ok": value > naive})
    return Validation(table, pd.DataFrame(rows), draws, seed)


def replace_section(path: Path, section: str) -> None:
    """Put a section (from its "## " line on) in the place of the one with the same title in a Markdown file, or at its end."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Validation\n"
    title = section.splitlines()[0]
    pattern = re.compile(rf"^{re.escape(title)}$.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if pattern.search(text):
        text = pattern.sub(lambda _: section.rstrip() + "\n\n", text)
    else:
        text = text.rstrip() + "\n\n" + section
    path.write_text(text.rstrip() + "\n", encoding="utf-8")
