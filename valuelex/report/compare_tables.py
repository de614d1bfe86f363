"""Tables of the section `compare`: claims, places, profiles, and what is not known of the models."""

from __future__ import annotations

import pandas as pd

from valuelex.report.content import Cell, Column, Table
from valuelex.report.evidence import records
from valuelex.report.wording import NONE, interval, is_missing, number, p_value, percent, percent_interval, shorten

Rows = list[list[str | Cell]]


def claims_table(claims: pd.DataFrame) -> Table:
    """Each claim with its verdict and the numbers behind it."""
    rows: Rows = [
        [
            r["claim"],
            r["statement"],
            Cell(r["verdict"], strong=r["verdict"] in ("supported", "contradicted")),
            number(r["estimate"]),
            interval(r["ci_low"], r["ci_high"]),
            p_value(r["p"]),
            NONE if is_missing(r["n_models"]) else str(int(r["n_models"])),
            r["reason"],
        ]
        for r in records(claims)
    ]
    heads = (
        Column("claim"),
        Column("statement", wide=True),
        Column("verdict"),
        Column("estimate", number=True),
        Column("interval", number=True),
        Column("p", number=True),
        Column("models", number=True),
        Column("why", wide=True),
    )
    note = (
        "Supported: the interval lies beyond 0 as claimed. Contradicted: beyond 0 the other way, or wholly within the smallest "
        "effect. Undecided is no evidence against. p is not adjusted. Estimands and smallest effects: instruments/claims/."
    )
    return Table("compare-claims", "What becomes of the paper’s claims in this study", heads, rows, note)


def ranks_table(ranks: pd.DataFrame, dimension: str) -> Table:
    """Places with their intervals, and who cannot be told apart."""
    mine = ranks[ranks["dimension"] == dimension].sort_values("rank")
    rows: Rows = []
    for r in records(mine):
        places = NONE if r["rank_low"] is None else f"{r['rank_low']}–{r['rank_high']}"
        rows.append(
            [
                r["model_id"],
                number(r["score"]),
                interval(r["ci_low"], r["ci_high"]),
                places,
                shorten(r["tied"] or ("none" if r["rank_low"] is not None else NONE), 160),
            ]
        )
    heads = (
        Column("model", code=True, look="model"),
        Column("score", number=True),
        Column("interval", number=True),
        Column("places", number=True),
        Column("not told apart from", wide=True),
    )
    note = (
        "Places: those that cannot be ruled out, all intervals of the table together at the confidence asked for (the smallest "
        "p over all pairs). Models fixed; stems sampled."
    )
    what = "the weighted total" if dimension == "total" else dimension
    return Table(f"compare-ranks-{dimension}".replace(" ", "-"), f"Places on {what}", heads, rows, note)


def profile_table(profiles: pd.DataFrame) -> Table:
    """Level and profile of every model."""
    rows: Rows = [
        [
            r["model_id"],
            r["dimension"],
            number(r["level"]),
            interval(r["level_low"], r["level_high"]),
            number(r["profile"]),
            interval(r["profile_low"], r["profile_high"]),
            number(r["beyond_halo"]),
        ]
        for r in records(profiles)
    ]
    heads = (
        Column("model", code=True, look="model"),
        Column("dimension"),
        Column("level", number=True),
        Column("interval", number=True),
        Column("profile", number=True),
        Column("interval", number=True),
        Column("beyond halo", number=True),
    )
    note = (
        "Profile: level less the model's mean over dimensions. Beyond halo: level less what the general factor over models "
        "predicts (with fewer than ten models every dimension is taken to load the same)."
    )
    return Table("compare-profile-table", "Levels and profiles", heads, rows, note)


TRAITS = {
    "profile_variance": "spread of the profile",
    "distinctness": "distinctness",
    "sample_variance": "variance over samples",
    "form_variance": "variance over forms",
    "diversity_0": "words named",
    "diversity": "effective words",
    "diversity_2": "common words",
    "prompt_overlap": "overlap of prompts",
}


def traits_table(traits: pd.DataFrame) -> Table:
    """What models have as a whole: how distinct, how steady, how diverse."""
    rows: Rows = [
        [
            TRAITS.get(r["trait"], r["trait"]),
            r["model_id"],
            number(r["estimate"]),
            interval(r["ci_low"], r["ci_high"]),
            p_value(r["p"]),
        ]
        for r in records(traits)
    ]
    heads = (
        Column("trait"),
        Column("model", code=True, look="model"),
        Column("estimate", number=True),
        Column("interval", number=True),
        Column("p", number=True),
    )
    said = dict(zip(traits["trait"].astype(str), traits["method"].astype(str), strict=True))
    note = "; ".join(f"{TRAITS.get(name, name)}: {method}" for name, method in said.items())
    return Table(
        "compare-traits", "Consistency and diversity", heads, rows, f"{note}. p: of a profile like the mean of all."
    )


def bias_table(shares: pd.DataFrame) -> Table:
    """What single judgements are made of."""
    rows: Rows = [
        [
            r["source"],
            r["meaning"],
            percent(r["share"]),
            percent_interval(r["ci_low"], r["ci_high"]),
            r["note"] or "",
        ]
        for r in records(shares)
    ]
    heads = (
        Column("source"),
        Column("meaning", wide=True),
        Column("share", number=True),
        Column("interval, %", number=True),
        Column("note", wide=True),
    )
    note = (
        "Share of the variance of single judgements on all dimensions together, by sums of squares set to their expectations; "
        "intervals leave out stems in turn. A profile is an average over many judgements: its own share is larger."
    )
    return Table("compare-shares", "What single judgements are made of", heads, rows, note)


def power_table(power: pd.DataFrame) -> Table:
    """What studies of more models could find."""
    rows: Rows = [
        [
            r["contrast"],
            f"{r['n_families']} of 4",
            percent(r["power"], 0),
            number(r["detectable"]),
        ]
        for r in records(power)
    ]
    first = records(power)[0]
    heads = (
        Column("contrast", wide=True),
        Column("families"),
        Column("power", number=True),
        Column("detectable", number=True),
    )
    sd = [number(first[name]) for name in ("family_sd", "model_sd", "error_sd")]
    note = (
        f"Power: share of simulated studies that find {number(first['effect'])} points; detectable: what they find four times "
        f"in five. Standard deviations: families {sd[0]}, models of one family {sd[1]}, error of a score {sd[2]}. "
        f"{first['method']}."
    )
    return Table("compare-power", "What a study of more models could find", heads, rows, note)


def people_table(similarity: pd.DataFrame) -> Table:
    """Models beside groups of people."""
    wide: dict[tuple[str, str], dict[str, str]] = {}
    for r in records(similarity):
        cell = wide.setdefault((r["model_id"], r["group"]), {"n": str(r["n"])})
        cell[r["measure"]] = f"{number(r['estimate'])} {interval(r['ci_low'], r['ci_high'])}".removesuffix(f" {NONE}")
    rows: Rows = [
        [model, group, cell["spearman"], cell["pearson"], cell["cosine"], cell["n"]]
        for (model, group), cell in wide.items()
    ]
    heads = (
        Column("model", code=True, look="model"),
        Column("people"),
        Column("Spearman", number=True),
        Column("Pearson", number=True),
        Column("cosine", number=True),
        Column("dimensions", number=True),
    )
    note = (
        "A correlation of as many points as dimensions. Intervals hold the error of the models' scores; people's means are "
        "taken as known, and other dimensions could say otherwise. The cosine rewards a common level."
    )
    return Table("compare-people", "Models beside people", heads, rows, note)


def missing_table(covariates: pd.DataFrame) -> Table | None:
    """What is not known of which model; None where all is known."""
    known = covariates[covariates["missing"].notna()]
    if known.empty:
        return None
    rows: Rows = [[r["model_id"], r["missing"]] for r in records(known)]
    note = "A model is left out of contrasts on what is not known of it. Say it in the study file, or in comparison.covariates."
    return Table(
        "compare-missing",
        "What is not known of the models",
        (Column("model", code=True, look="model"), Column("not known", wide=True)),
        rows,
        note,
    )
