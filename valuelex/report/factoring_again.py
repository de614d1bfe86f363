"""How to make the same analysis again: as a command, and in Python."""

from __future__ import annotations

import shlex
from typing import Any

from valuelex.psychometrics.analysis import Analysis
from valuelex.psychometrics.exploratory.presets import resolve
from valuelex.psychometrics.retention.panel import DEFAULT
from valuelex.psychometrics.rotation.spec import make_spec

_SPEC = ("oblique", "n_starts", "normalize", "gamma", "epsilon", "power", "kappa", "n_zeros", "rotation_tolerance")
_STATED = ("method", "rotation", *_SPEC, "lower_bound", "tolerance", "max_iter")


def command(analysis: Analysis) -> str:
    """The command line, or an empty text if it cannot state all settings."""
    s, names = analysis.settings, [str(name) for name in analysis.efa.loadings.index]
    plain = tuple(analysis.retention.settings["criteria"]) == DEFAULT and s["level"] == 0.95
    if not plain or not _by_default(analysis) or any("," in name or name != name.strip() for name in names):
        return ""
    words = ["valuelex", "efa", "DATA", "--factors", _factors(analysis), "--method", s["method"]]
    words += ["--rotation", s["rotation"], "--seed", str(s["seed"]), "--columns", ",".join(names)]
    given = {"correlation": "pearson", "missing": "listwise", "mimic": None, "scores": None, "bootstrap": 0}
    for key, default in given.items():
        if s.get(key, default) != default:
            words += [f"--{key}", str(s[key])]
    if analysis.efa.source.X is None:
        words += ["--n-obs", str(s["n_obs"])]
    if "repair" in s:
        words += ["--smooth", s["repair"]]
    return " ".join(shlex.quote(str(word)) for word in words)


def python(analysis: Analysis) -> str:
    """A Python snippet with every setting spelled out; names of variables stand in it as literals only."""
    s = analysis.settings
    options: dict[str, Any] = {}
    if analysis.efa.source.X is None:
        options["n_obs"] = s["n_obs"]
    else:
        options |= {"correlation": s["correlation"], "missing": s["missing"]}
    options |= {key: s[key] for key in ("bootstrap", "scores", "level")}
    if tuple(analysis.retention.settings["criteria"]) != DEFAULT:
        options["criteria"] = tuple(analysis.retention.settings["criteria"])
    options["mimic"] = s["mimic"]
    options |= {key: s[key] for key in _STATED if key in s and (key != "n_zeros" or isinstance(s[key], int))}
    if "repair" in s:
        options["smooth"] = s["repair"]
    options["seed"] = s["seed"]
    factors = _factors(analysis)
    lines = [f"    {key}={value!r}," for key, value in options.items() if value is not None]
    if analysis.efa.spec.goal is not None:
        lines.append("    target=target,  # the target that was given")
    names = [str(name) for name in analysis.efa.loadings.index]
    return "\n".join(
        [
            "import valuelex.psychometrics as pm",
            "",
            'data = pm.read_data("DATA"' + (", matrix=True)" if analysis.efa.source.X is None else ")"),
            f"columns = {names!r}",
            "analysis = pm.analyse(",
            "    data" + ("," if analysis.efa.source.X is None else "[columns],"),
            f"    {factors if factors.isdigit() else repr(factors)},",
            *lines,
            ")",
        ]
    )


def _factors(analysis: Analysis) -> str:
    return str(analysis.efa.n_factors) if analysis.settings["n_factors_rule"] == "given" else "auto"


def _by_default(analysis: Analysis) -> bool:
    """Whether method, rotation and mimic alone bring all other settings."""
    s, efa = analysis.settings, analysis.efa
    if efa.spec.goal is not None:
        return False
    chosen = resolve(s["mimic"], {"method": s["method"], "rotation": s["rotation"]})
    spec = make_spec(
        chosen["rotation"],
        n_starts=chosen["n_starts"],
        normalize=chosen["normalize"],
        epsilon=chosen["epsilon"],
        tolerance=chosen["rotation_tolerance"],
        algorithm=chosen["algorithm"],
        promax_target=chosen["promax_target"],
    )
    same = all(s[key] == chosen[key] for key in ("lower_bound", "tolerance", "max_iter"))
    return same and spec == efa.spec
