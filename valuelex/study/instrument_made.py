"""What ``valuelex instrument`` says of the test that it made, in one line."""

from __future__ import annotations

from collections import Counter

from valuelex.study.study import Study
from valuelex.tables import files_of
from valuelex.tables.schema import VALENCES

WELL_MATCHED = 0.1
"""Standardised difference of means from which forms are said to differ."""


def instrument_line(study: Study) -> str:
    """Return how many stems there are, in which forms, from where, and how far the forms are apart."""
    items = study.read("instrument")
    forms = Counter(items["form"])
    sources = Counter(items["source"].fillna("not stated"))
    origin = ", ".join(f"{n} from {name}" for name, n in sorted(sources.items()))
    line = f"{len(items)} stems ({origin}) in {' and '.join(f'form {f}: {n}' for f, n in sorted(forms.items()))}."
    if "instrument" in study.given or not files_of("form_balance", study.results)[0].is_file():
        return line
    balance = study.read("form_balance")
    means = balance.loc[balance["kind"] == "mean", "standardised"].abs().dropna()
    if len(means) and len(forms) > 1:
        line += f" The forms differ by at most {means.max():.3f} SD in any mean"
        line += ", more than .1: a larger test can be matched better." if means.max() >= WELL_MATCHED else "."
    named = items.assign(scale=items["subdimension"].fillna(items["dimension"]))
    cells = named["scale"].nunique() * len(VALENCES)
    empty = cells - len(named.groupby(["scale", "valence"]))
    if empty > 0:
        line += f" {empty} of {cells} cells of scale and valence hold no stem: ask for more than {len(items)}."
    if len(forms) < study.file.instrument.forms:
        line += " There is one form: too few stems for two."
    version = study.document("manual")
    return f"{line} instrument.yaml: version {version.get('version', 1)}, SHA-256 {str(version.get('sha256'))[:16]}."
