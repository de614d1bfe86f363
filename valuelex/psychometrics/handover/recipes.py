"""How other programs are asked for the same solution: one recipe each, or the reason why there is none.

A recipe's code expects in R: `data` (data frame, or NULL), `R` (correlations), `n`, `k`, and `target` where there is one;
it leaves `L` (p x k), `Phi` (k x k), `u2` (p) and `fit` (chi2, df, rmsea). No name of a variable is ever part of the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from valuelex.psychometrics.exploratory.result import EFAResult

R_FOLDER = Path(__file__).parent / "r"
MOST_STARTS = 30  # find the best minimum in 96-100 % of trials; R takes seconds for them
PSYCH_METHODS = {"minres": "minres", "ml": "ml", "paf": "pa", "alpha": "alpha"}
PSYCH_CALLS = ("none", "varimax", "promax", "oblimin")
LAVAAN_ROTATIONS = {
    "none": "none",
    "varimax": "varimax",
    "quartimax": "quartimax",
    "promax": "promax",
    "oblimin": "oblimin",
    "quartimin": "quartimin",
    "geomin": "geomin",
    "infomax": "infomax",
}


@dataclass(frozen=True)
class Recipe:
    """Code in another program's language; `notes` say where it cannot follow, `reason` why there is no code at all."""

    code: str = ""
    notes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def possible(self) -> bool:
        """Whether there is code."""
        return not self.reason


def r_functions(name: str) -> str:
    """Return the R functions of r/<name>.R."""
    return (R_FOLDER / f"{name}.R").read_text(encoding="utf-8")


def psych(result: EFAResult) -> Recipe:
    """Extraction by `psych::fa`; rotation by it too where its call means the same, else by GPArotation."""
    s, method = result.settings, str(result.settings["method"])
    if s.get("missing_fit") == "full information":
        return Recipe(reason="psych has no full-information maximum likelihood.")
    if method not in (*PSYCH_METHODS, "pca"):
        return Recipe(reason=f"psych has no extraction that equals method='{method}'.")
    rotation, why = _gpa(result)
    if why:
        return Recipe(reason=why)
    notes = _stopping(s, method)
    if method in ("minres", "ml") and s["lower_bound"] != 0.005 and result.uniquenesses.min() < 0.01:
        notes.append(f"psych bounds uniquenesses at .005, this solution at {s['lower_bound']:g}.")
    one_call = s["mimic"] == "psych" and method != "pca" and s["rotation"] in PSYCH_CALLS and _usual(result)
    name = s["rotation"] if one_call else "none"
    options = [
        "R",
        f"nfactors = {result.n_factors}",
        f"n.obs = {result.source.n_obs}",
        f'rotate = "{name}"',
    ]
    if method == "pca":
        lines = [f"fitted <- psych::principal({', '.join(options)}, scores = FALSE)"]
    else:
        options.append(f'fm = "{PSYCH_METHODS[method]}"')
        if method in ("paf", "alpha"):
            options += [f"min.err = {s['tolerance']!r}", f"max.iter = {s['max_iter']}"]
        lines = [f"fitted <- suppressWarnings(psych::fa({', '.join(options)}))"]
    if one_call or result.n_factors == 1 or s["rotation"] == "none":
        lines += ["L <- unclass(fitted$loadings)", "Phi <- if (is.null(fitted$Phi)) diag(k) else fitted$Phi"]
    else:
        lines += ["A <- unclass(fitted$loadings)", rotation, "L <- rotated$L", "Phi <- rotated$Phi"]
    lines += [
        "u2 <- as.numeric(fitted$uniquenesses)",
        "fit <- list(chi2 = fitted$STATISTIC, df = fitted$dof, rmsea = as.numeric(fitted$RMSEA[1]))",
    ]
    return Recipe("\n".join(lines), tuple(notes))


def lavaan(result: EFAResult) -> Recipe:
    """`lavaan::efa`, from the raw data where these were analysed as they are, else from the correlations."""
    s, method, spec = result.settings, str(result.settings["method"]), result.spec
    if method not in ("ml", "minres", "dwls"):
        return Recipe(reason=f"lavaan has no extraction that equals method='{method}'.")
    if s["rotation"] not in (*LAVAAN_ROTATIONS, "target"):
        # Its "cf" with the same kappa ends .12 away in a loading (0.6-14, bfi), while GPArotation agrees to 1e-6.
        return Recipe(reason=f"lavaan has no rotation that equals '{s['rotation']}'.")
    if spec.method in ("varimax", "quartimax") and spec.oblique:
        return Recipe(reason=f"lavaan has no oblique {spec.method}.")
    if spec.method == "promax" and (spec.normalize is True or spec.promax_target != "power"):
        return Recipe(reason="lavaan's promax weights the rows in its varimax step only, and takes the plain power.")
    source, why = _lavaan_data(result)
    if why:
        return Recipe(reason=why)
    arguments = _lavaan_rotation(result)
    notes = []
    if s["lower_bound"] > 1e-4 and result.heywood:
        notes.append(f"lavaan bounds uniquenesses at 0, this solution at {s['lower_bound']}, and the bound is reached.")
    if method == "minres":
        notes.append("lavaan's chi-square of least squares is another one; it is not compared.")
    if spec.classic and spec.algorithm == "svd":
        notes.append(
            "psych's varimax, and this solution with it, stops early; lavaan's does not: about .001 in a loading."
        )
    lines = [
        "plain <- data; if (!is.null(plain)) names(plain) <- paste0('v', seq_along(plain))",
        "dimnames(R) <- list(paste0('v', seq_len(nrow(R))), paste0('v', seq_len(nrow(R))))",
        f'fitted <- lavaan::efa({source}, nfactors = {result.n_factors}, se = "none", {arguments})[[1]]',
        'found <- lavaan::lavInspect(fitted, "std")',
        "L <- unclass(found$lambda)",
        "Phi <- unclass(found$psi)",
        "u2 <- as.numeric(diag(found$theta))",
        "measures <- lavaan::fitMeasures(fitted)",
        'form <- if ("chisq.scaled" %in% names(measures)) ".scaled" else ""',
        'fit <- as.list(measures[paste0(c("chisq", "df", "rmsea"), form)]); names(fit) <- c("chi2", "df", "rmsea")',
    ]
    return Recipe("\n".join(lines), tuple(notes))


def _usual(result: EFAResult) -> bool:
    """Whether psych's own call means the same rotation."""
    spec = result.spec
    kaiser = spec.method in ("varimax", "promax")
    return spec.normalize == kaiser and spec.gamma == 0 and spec.power == 4 and spec.promax_target == "power"


def _stopping(s: dict[str, Any], method: str) -> list[str]:
    notes = []
    if method in ("paf", "alpha") and s.get("stop") == "max" and s["tolerance"] > 1e-6:
        notes.append(
            f"psych stops principal axis by the sum of the communalities, this solution when none moves by more than "
            f"{s['tolerance']:g}: psych may stop elsewhere, and loadings may differ in the third decimal."
        )
    return notes


def _gpa(result: EFAResult) -> tuple[str, str]:
    """The rotation as a call of our R functions, or why there is none."""
    spec, (p, k) = result.spec, result.loadings.shape
    if k == 1 or spec.method == "none":
        return "", ""
    if spec.normalize == "cureton-mulaik":
        return "", "GPArotation has no Cureton-Mulaik weights."
    if spec.method == "promax":
        weights = {True: "both", "kaiser": "both", "varimax": "varimax", False: "none"}[spec.normalize]
        unit = str(spec.promax_target == "normalized").upper()
        return f'rotated <- rotate_promax(A, power = {spec.power!r}, kaiser = "{weights}", unit_rows = {unit})', ""
    if spec.goal_weights is not None and not np.isin(spec.goal_weights, (0.0, 1.0)).all():
        return "", "GPArotation's partially specified target has no weights other than 0 and 1."
    kappas = {"varimax": 1 / p, "quartimax": 0.0, "equamax": k / (2 * p), "parsimax": (k - 1) / (p + k - 2)}
    kappas["crawford_ferguson"] = spec.kappa
    if spec.method in kappas and (spec.oblique or spec.method not in ("varimax", "quartimax")):
        criterion, arguments = "cf", f"kappa = {kappas[spec.method]!r}"
    else:
        criterion, arguments = {
            "oblimin": ("oblimin", f"gam = {spec.gamma!r}"),
            "quartimin": ("quartimin", ""),
            "geomin": ("geomin", f"delta = {spec.epsilon!r}"),
            "simplimax": ("simplimax", f"k = {spec.n_zeros or p}"),
            "target": ("pst", "W = 1 * !is.na(target), Target = ifelse(is.na(target), 0, target)"),
        }.get(spec.method, (spec.method, ""))
    kaiser = str(spec.normalize in (True, "kaiser")).upper()
    return (
        f'rotated <- rotate_best(A, "{criterion}", list({arguments}), oblique = {str(spec.oblique).upper()}, '
        f"kaiser = {kaiser}, starts = {min(spec.n_starts, MOST_STARTS)})"
    ), ""


def _lavaan_data(result: EFAResult) -> tuple[str, str]:
    s, ready = result.settings, result.source
    raw, method = ready.X is not None, s["method"]
    gaps = ready.X is not None and bool(np.isnan(ready.X).any())
    estimator = {"ml": "ML", "minres": "ULS", "dwls": "WLSMV"}[method]
    if raw and s["correlation"] in ("polychoric", "tetrachoric") and not gaps and method != "ml":
        if s.get("repaired"):
            return "", "The polychoric matrix was repaired; lavaan cannot be told to."
        return f'data = plain, ordered = TRUE, estimator = "{estimator}"', ""
    if method == "dwls":
        return "", "lavaan's diagonally weighted least squares is compared for complete ordered data only."
    if s.get("missing_fit") == "full information":
        return 'data = plain, estimator = "ML", missing = "ml"', ""
    if raw and method == "ml" and s["correlation"] == "pearson" and not gaps:
        return 'data = plain, estimator = "ML"', ""
    n = ready.n_obs
    # Least squares depends on the metric: it is given the correlations that were factored.
    return (
        f'sample.cov = R, sample.nobs = {n}, ov.names = rownames(R), sample.cov.rescale = FALSE, estimator = "{estimator}"',
        "",
    )


def _lavaan_rotation(result: EFAResult) -> str:
    spec = result.spec
    if result.n_factors == 1 or spec.method == "none":
        return 'rotation = "none"'
    weights = {True: "kaiser", False: "none", "varimax": "kaiser"}.get(spec.normalize, spec.normalize)
    own = {
        "geomin": f"geomin.epsilon = {spec.epsilon!r}",
        "oblimin": f"oblimin.gamma = {spec.gamma!r}",
        "promax": f"promax.kappa = {spec.power!r}",
        "target": "target = ifelse(is.na(target), 0, target), target.mask = 1 * !is.na(target)",
    }
    arguments = [
        f"orthogonal = {str(not spec.oblique).upper()}",
        f'row.weights = "{weights}"',
        f"rstarts = {0 if spec.n_starts == 1 else min(spec.n_starts, MOST_STARTS)}L",
    ]
    if spec.method in own:
        arguments.append(own[spec.method])
    name = "pst" if spec.method == "target" else LAVAAN_ROTATIONS[spec.method]
    return f'rotation = "{name}", rotation.args = list({", ".join(arguments)})'


def r_inputs(result: EFAResult) -> str:
    """R lines that read what `export` wrote; Pearson correlations of complete data are computed there once more."""
    raw = result.source.X
    again = raw is not None and result.settings["correlation"] == "pearson" and not np.isnan(raw).any()
    lines = [
        "data <- NULL" if raw is None else 'data <- read.csv("data.csv", check.names = FALSE)',
        "R <- cor(data)"
        if again
        else 'R <- as.matrix(read.csv("correlations.csv", row.names = 1, check.names = FALSE))',
        f"n <- {result.source.n_obs}",
        f"k <- {result.n_factors}",
    ]
    if result.spec.goal is not None:
        lines.append('target <- as.matrix(read.csv("target.csv", row.names = 1, check.names = FALSE))')
    return "\n".join(lines)
