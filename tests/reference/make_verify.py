"""Collect the reference numbers that `valuelex verify` recomputes, from the R outputs beside this file.

    python tests/reference/make_verify.py        writes instruments/reference/verify.json

The R outputs come from make_reference.R and the other scripts named in efa/README.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).parent / "efa"
OUT = Path(__file__).parents[2] / "instruments" / "reference" / "verify.json"
N = {"bfi25": 2436, "harman74": 145, "hs9": 301}
CASES = (("bfi25", 5), ("bfi25", 6), ("harman74", 4), ("harman74", 5), ("hs9", 3))
FACTANAL = "stats::factanal, R 4.2.2, 20 starts, tight"
PSYCH, LAVAAN, GPA, EFATOOLS = (
    "psych 2.2.9",
    "lavaan 0.6-14",
    "GPArotation 2022.10-2, best of 41 starts",
    "EFAtools 1.0",
)
ROTATIONS: dict[str, dict[str, Any]] = {
    "varimax_kaiser": {"method": "varimax"},
    "quartimax": {"method": "quartimax"},
    "oblimin": {"method": "oblimin"},
    "oblimin_kaiser": {"method": "oblimin", "normalize": True},
    "geominQ": {"method": "geomin"},
    "geominQ_kaiser": {"method": "geomin", "normalize": True},
    "geominT": {"method": "geomin", "oblique": False},
    "bentlerQ": {"method": "bentler"},
    "infomaxQ": {"method": "infomax"},
    "bifactorT": {"method": "bifactor"},
    "bifactorQ": {"method": "bifactor", "oblique": True},
    "equamaxT": {"method": "equamax"},
    "cfQ_equamax": {"method": "equamax", "oblique": True},
    "parsimaxQ": {"method": "parsimax", "oblique": True},
}


def load(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text())


def rounded(value: Any) -> Any:
    return [rounded(inner) for inner in value] if isinstance(value, list) else round(value, 10)


def main() -> None:
    checks: list[dict[str, Any]] = []

    def check(what: str, source: str, call: dict[str, Any], take: str, value: Any, tolerance: float) -> None:
        checks.append(
            {
                "what": what,
                "source": source,
                "call": call,
                "take": take,
                "value": rounded(value),
                "tolerance": tolerance,
            }
        )

    for name in N:
        found = load(f"screen_{name}")
        check(f"{name}: KMO", PSYCH, {"do": "kmo", "data": name}, "overall", found["KMO"], 1e-8)
        check(
            f"{name}: Bartlett chi2", PSYCH, {"do": "bartlett", "data": name}, "chi2", found["bartlett"]["chisq"], 1e-6
        )
        at = min(range(len(found["MAP"])), key=lambda i: found["MAP"][i])
        # psych's list begins with one component, ours with none.
        check(f"{name}: MAP, factors", PSYCH, {"do": "map_test", "data": name}, "n_factors", float(at + 1), 0)
    for name, k in CASES:
        found = load(f"factanal_{name}_k{k}")
        call = {"do": "efa", "data": name, "k": k, "method": "ml", "rotation": "none", "lower_bound": 1e-4}
        check(f"{name}, k = {k}: ML discrepancy", FACTANAL, call, "convergence.objective", found["objective"], 1e-8)
        check(f"{name}, k = {k}: ML uniquenesses", FACTANAL, call, "uniquenesses", found["uniquenesses"], 1e-6)
        if name == "bfi25" and k == 6:
            continue
        for which, options in ROTATIONS.items():
            if (name, which) == ("hs9", "bifactorQ"):
                continue  # flat: GPArotation stopped .003 from the minimum
            want = load(f"rot_{name}_k{k}_{which}")
            rotate = {"do": "rotate", "data": f"factanal_{name}_k{k}", "k": k, **options}
            check(f"{name}, k = {k}: {which} loadings", GPA, rotate, "loadings", want["loadings"], 1e-5)
    for method in ("minres", "ml"):
        want = load(f"psych_bfi25_k5_{method}_oblimin")
        call = {"do": "efa", "data": "bfi25", "k": 5, "method": method, "rotation": "oblimin", "mimic": "psych"}
        check(f"bfi25, {method} + oblimin: loadings", PSYCH, call, "loadings", want["loadings"], 5e-4)
        check(f"bfi25, {method}: chi2", PSYCH, call, "fit.chi2", want["STATISTIC"], 0.02)
        check(f"bfi25, {method}: RMSEA", PSYCH, call, "fit.rmsea", want["RMSEA"]["RMSEA"], 1e-5)
        check(f"bfi25, {method}: TLI", PSYCH, call, "fit.tli", want["TLI"], 1e-5)
    for name, k, rotation in (("hs9", 3, "geomin"), ("hs9", 3, "oblimin"), ("bfi25", 5, "geomin")):
        want = load(f"lavaan_{name}_k{k}_ml_{rotation}")
        call = {"do": "efa", "data": name, "k": k, "mimic": "lavaan", "rotation": rotation}
        check(f"{name}, ML + {rotation}: loadings", LAVAAN, call, "loadings", want["lambda"], 1e-4)
        for ours, theirs in (("chi2", "chisq"), ("rmsea", "rmsea"), ("cfi", "cfi"), ("tli", "tli"), ("srmr", "srmr")):
            check(f"{name}, ML: {ours}", LAVAAN, call, f"fit.{ours}", want["fit"][theirs], 1e-5)
    for method, name in (("paf", "PAF"), ("ml", "ML")):
        for rotation in ("promax", "oblimin"):
            want = load(f"efatools_bfi25_k5_{name}_{rotation}")
            call = {"do": "efa", "data": "bfi25", "k": 5, "method": method, "rotation": rotation, "mimic": "efatools"}
            check(f"bfi25, {name} + {rotation}: loadings", EFATOOLS, call, "loadings", want["loadings"], 1e-5)
    want = load("omega_bfi25")
    call = {"do": "omega", "data": "bfi25", "k": 5}
    check("bfi25: omega hierarchical", PSYCH, call, "hierarchical", want["omega_h"], 1e-4)
    check("bfi25: omega total", PSYCH, call, "total", want["omega_tot"], 1e-4)
    inputs = {}
    for name, n in N.items():
        R = pd.read_csv(HERE / f"cor_{name}.csv", index_col=0)
        inputs[name] = {"n": n, "names": list(R.columns), "matrix": [[float(x) for x in row] for row in R.to_numpy()]}
    for name, k in CASES:
        loadings = load(f"factanal_{name}_k{k}")["loadings_unrotated"]
        inputs[f"factanal_{name}_k{k}"] = {"matrix": loadings}
    OUT.write_text(json.dumps({"inputs": inputs, "checks": checks}, separators=(",", ":")) + "\n")
    print(f"{len(checks)} checks, {OUT.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
