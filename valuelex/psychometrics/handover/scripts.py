"""`export`: the analysed data with scripts for R and SPSS that give the same table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from valuelex._version import __version__
from valuelex.errors import DataError
from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.handover import recipes
from valuelex.psychometrics.handover.spss import spss, spss_names

if TYPE_CHECKING:
    from valuelex.psychometrics.analysis import Analysis


def export(result: EFAResult | Analysis, folder: str | Path) -> list[Path]:
    """Write the analysed data, our loadings, and scripts of other programs that repeat the analysis.

    Writes data.csv (the rows and columns analysed) unless a matrix was; correlations.csv; loadings.csv; target.csv for a
    target rotation; analysis.R (psych and lavaan, each compared with loadings.csv); analysis.sps; README.txt. Where a
    program has no counterpart for a setting, its script is left out and the README says why.

    Parameters
    ----------
    result : EFAResult or Analysis
    folder : path
        Made if it does not exist.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DataError
        The folder cannot be made or written.
    """
    solution = result if isinstance(result, EFAResult) else result.efa
    files = inputs(solution)
    asked = {"psych": recipes.psych(solution), "lavaan": recipes.lavaan(solution), "SPSS": spss(solution)}
    if asked["psych"].possible or asked["lavaan"].possible:
        files["analysis.R"] = r_script(solution, asked["psych"], asked["lavaan"])
    if asked["SPSS"].possible:
        files["analysis.sps"] = asked["SPSS"].code
    files["README.txt"] = _readme(solution, asked, list(files))
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A script left over from another analysis would not belong to this data.
        for name in ("analysis.R", "analysis.sps", "data.csv", "target.csv"):
            if name not in files:
                (folder / name).unlink(missing_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror}).", "Name another folder.") from error
    return [folder / name for name in files]


def inputs(solution: EFAResult) -> dict[str, str]:
    """The CSV files that the scripts read, by name; numbers in full precision."""
    files = {"loadings.csv": _csv(solution.loadings), "correlations.csv": _csv(solution.correlations)}
    if solution.source.X is not None:
        files["data.csv"] = analysed(solution).to_csv(index=False, lineterminator="\n")
    if solution.spec.goal is not None:
        L = solution.loadings
        files["target.csv"] = _csv(pd.DataFrame(solution.spec.goal, index=L.index, columns=L.columns))
    return files


def analysed(solution: EFAResult) -> pd.DataFrame:
    """The rows and columns that were analysed; whole numbers are written as such, missing cells are empty."""
    X = pd.DataFrame(solution.source.X, columns=solution.loadings.index)
    whole = {name: "Int64" for name in X.columns if np.equal(np.mod(X[name].dropna(), 1), 0).all()}
    return X.astype(whole)


def r_script(solution: EFAResult, psych: recipes.Recipe, lavaan: recipes.Recipe) -> str:
    """The analysis in R, compared with loadings.csv."""
    parts = [
        f"# {_title(solution)}\n# Run it: Rscript analysis.R. In RStudio, set the working directory to this folder first.\n"
        'script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))\n'
        "if (length(script)) setwd(dirname(script[1]))",
        recipes.r_functions("compare"),
        recipes.r_functions("rotation"),
        'ours <- as.matrix(read.csv("loadings.csv", row.names = 1, check.names = FALSE))\n'
        + recipes.r_inputs(solution),
    ]
    for program, recipe, needed in (("psych", psych, ("psych", "GPArotation")), ("lavaan", lavaan, ("lavaan",))):
        if not recipe.possible:
            parts.append(f"# {program}: {recipe.reason}")
            continue
        there = " && ".join(f'requireNamespace("{name}", quietly = TRUE)' for name in needed)
        body = "\n".join(f"  {line}" for line in recipe.code.splitlines())
        notes = "".join(f"# {note}\n" for note in recipe.notes)
        parts.append(
            f'{notes}if ({there}) {{\n{body}\n  report("{program}", L, Phi)\n}} else {{\n'
            f'  cat("{program}: skipped, {" or ".join(needed)} is not installed\\n")\n}}'
        )
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _readme(solution: EFAResult, asked: dict[str, recipes.Recipe], files: list[str]) -> str:
    said = {
        "data.csv": "the cases and variables that were analysed, after the missing-data rule",
        "correlations.csv": "the correlations that were factored",
        "loadings.csv": "the pattern matrix to compare with",
        "target.csv": "the target of the rotation; empty cells are free",
        "analysis.R": "Rscript analysis.R prints each program's loadings and its largest difference to loadings.csv",
        "analysis.sps": "SPSS syntax; open it in SPSS from this folder",
    }
    lines = [_title(solution), ""]
    lines += [f"{name:18}{said[name]}" for name in files]
    if "analysis.sps" in files:
        names = list(solution.loadings.index)
        if spss_names(names) != names:
            lines += [
                "",
                "In SPSS the variables are called v1, v2, ... in the order of the data; their names are labels.",
            ]
    lines += ["", "What the programs can repeat"]
    for program, recipe in asked.items():
        if not recipe.possible:
            lines.append(f"- {program}: no script. {recipe.reason}")
            continue
        lines += [f"- {program}: {note}" for note in recipe.notes] or [f"- {program}: the same conventions throughout."]
    lines += [
        "",
        "Settings",
        *(f"  {key} = {value}" for key, value in solution.settings.items() if value is not None),
        "",
        f"Chi-square and RMSEA: {solution.fit['convention']}.",
    ]
    return "\n".join(lines) + "\n"


def _title(solution: EFAResult) -> str:
    s = solution.settings
    return (
        f"Factor analysis by valuelex {__version__}: {len(solution.loadings)} variables, n = {solution.fit['n_obs']}, "
        f"{solution.n_factors} factor(s), {s['method']}, {s['rotation']}"
    )


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(lineterminator="\n")
