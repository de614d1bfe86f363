"""R's psych and lavaan through `Rscript`: the recipe of `export`, run in a folder of its own, answered as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from valuelex.psychometrics.exploratory.result import EFAResult
from valuelex.psychometrics.handover import recipes
from valuelex.psychometrics.handover.engines.outcome import RAN, Outcome
from valuelex.psychometrics.handover.scripts import inputs

_MISSING = "missing packages: "


def psych(result: EFAResult, timeout: float) -> Outcome:
    """psych, with GPArotation for rotations."""
    return _run(result, recipes.psych(result), ("psych", "GPArotation"), "psych", timeout)


def lavaan(result: EFAResult, timeout: float) -> Outcome:
    """lavaan; its chi-square is compared for maximum likelihood and WLSMV."""
    s = result.settings
    own = s["method"] == "dwls" or s.get("missing_fit") == "full information"
    return _run(
        result, recipes.lavaan(result), ("lavaan",), "own" if own else "lavaan" if s["method"] == "ml" else "", timeout
    )


def _run(result: EFAResult, recipe: recipes.Recipe, packages: Sequence[str], fit: str, timeout: float) -> Outcome:
    if not recipe.possible:
        return Outcome(f"skipped: {recipe.reason}")
    program = shutil.which("Rscript")
    if program is None:
        return Outcome("not installed: Rscript is not on the path")
    with tempfile.TemporaryDirectory(prefix="valuelex-") as name:
        folder = Path(name)
        for file, text in inputs(result).items():
            (folder / file).write_text(text, encoding="utf-8", newline="")
        (folder / "run.R").write_text(_script(result, recipe, packages), encoding="utf-8")
        try:
            done = subprocess.run(
                [program, "--vanilla", "run.R"],
                cwd=folder,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(f"stopped: R took more than {timeout:g} seconds")
        except OSError as error:
            return Outcome(f"not installed: Rscript cannot be run ({error.strerror})")
        answer = folder / "answer.json"
        if done.returncode or not answer.is_file():
            said = done.stderr.strip()
            if _MISSING in said:
                return Outcome(f"not installed: the R packages {said.split(_MISSING, 1)[1].splitlines()[0]}")
            return Outcome(f"failed: {' '.join(said.split())[-300:]}")
        return _outcome(json.loads(answer.read_text(encoding="utf-8")), fit, recipe)


def _script(result: EFAResult, recipe: recipes.Recipe, packages: Sequence[str]) -> str:
    needed = ", ".join(f'"{package}"' for package in (*packages, "jsonlite"))
    return "\n".join(
        [
            f"needed <- c({needed})",
            "absent <- needed[!vapply(needed, requireNamespace, TRUE, quietly = TRUE)]",
            f'if (length(absent)) stop("{_MISSING}", paste(absent, collapse = ", "), call. = FALSE)',
            recipes.r_functions("rotation"),
            recipes.r_inputs(result),
            recipe.code,
            "answer <- list(L = matrix(as.numeric(L), nrow(L)), Phi = matrix(as.numeric(Phi), k), u2 = u2,",
            f'  fit = fit, version = as.character(packageVersion("{packages[0]}")))',
            'jsonlite::write_json(answer, "answer.json", digits = NA, auto_unbox = TRUE, na = "null", null = "null")',
        ]
    )


def _outcome(answer: dict[str, Any], fit: str, recipe: recipes.Recipe) -> Outcome:
    def number(name: str) -> float:
        value = (answer.get("fit") or {}).get(name)
        return float(value) if isinstance(value, (int, float)) else float("nan")

    L = np.array(answer["L"], dtype=np.float64)
    return Outcome(
        RAN,
        str(answer["version"]),
        L,
        np.array(answer["Phi"], dtype=np.float64).reshape(L.shape[1], L.shape[1]),
        np.atleast_1d(np.array(answer["u2"], dtype=np.float64)),
        number("chi2"),
        number("rmsea"),
        fit,
        " ".join(recipe.notes),
    )
