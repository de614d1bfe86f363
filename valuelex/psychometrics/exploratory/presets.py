"""What other programs do where conventions differ, as one set of settings each: `efa(..., mimic="psych")`.

docs/parity.md holds each difference with numbers. A preset only fills in what the caller leaves out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from valuelex.psychometrics import checks


@dataclass(frozen=True)
class Preset:
    """Settings of a factor analysis that depend on the program; the defaults are this package's own.

    Attributes
    ----------
    method, rotation : str
        Extraction and rotation.
    missing : str
        What is done with incomplete rows.
    pairwise_n : {"smallest", "rows"}
        n of pairwise correlations: the smallest that a pair shares, or all rows.
    lower_bound : float
        Smallest uniqueness.
    tolerance, max_iter : float, int
        When extraction stops; `paf_tolerance` and `paf_max_iter` for principal axis and alpha, `stop` as in
        `classical.principal_axis`.
    normalize : dict
        Row weighting per rotation where it is not the usual one.
    epsilon : float
        Of geomin.
    n_starts, rotation_tolerance : int, float
        Rotation starts, and where each stops.
    algorithm : {"projection", "svd", "planes"}
        Varimax (also inside promax): gradient projection, R's stats::varimax, or Kaiser's plane rotations
        as EFAtools stops them.
    promax_target : {"power", "normalized"}
        Signed power of the loadings, or of the loadings of unit-length rows (SPSS).
    fit : {"psych", "lavaan", "efatools"}
        Convention of the fit indices.
    """

    method: str = "minres"
    rotation: str = "oblimin"
    missing: str = "listwise"
    pairwise_n: str = "smallest"
    lower_bound: float = 0.005
    tolerance: float = 1e-9
    max_iter: int = 5000
    paf_tolerance: float = 1e-9
    paf_max_iter: int = 5000
    stop: str = "max"
    normalize: tuple[tuple[str, bool | str], ...] = ()
    epsilon: float = 0.01
    n_starts: int = 100
    rotation_tolerance: float = 1e-6
    algorithm: str = "projection"
    promax_target: str = "power"
    fit: str = "psych"


KAISER_MOSTLY: tuple[tuple[str, bool | str], ...] = (
    ("promax", "varimax"),
    *((rotation, True) for rotation in ("oblimin", "quartimin", "quartimax", "equamax")),
)
"""SPSS and EFAtools weight the rows for these rotations, and for promax in its varimax step only."""

PRESETS = {
    "psych": Preset(
        missing="pairwise",
        pairwise_n="rows",
        paf_tolerance=1e-3,
        paf_max_iter=50,
        stop="sum",
        n_starts=1,
        rotation_tolerance=1e-5,
        algorithm="svd",
    ),
    "spss": Preset(
        method="paf",
        rotation="varimax",
        paf_tolerance=1e-3,
        paf_max_iter=25,
        normalize=KAISER_MOSTLY,
        n_starts=1,
        promax_target="normalized",
    ),
    "lavaan": Preset(
        method="ml",
        rotation="geomin",
        lower_bound=1e-4,
        normalize=(("promax", "varimax"),),
        epsilon=0.001,
        fit="lavaan",
    ),
    "efatools": Preset(
        method="paf",
        rotation="promax",
        paf_tolerance=1e-3,
        paf_max_iter=300,
        stop="sum",
        normalize=(*KAISER_MOSTLY, ("geomin", True), ("bifactor", True)),
        algorithm="planes",
        promax_target="normalized",
        fit="efatools",
    ),
}
OWN = Preset()


def resolve(mimic: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return all settings of a Preset: those `given` (None is not given), the rest from the preset.

    `given` may name "tolerance" and "max_iter", which then hold for principal axis too, and "normalize", which holds for
    the rotation that was asked for.
    """
    preset = OWN if mimic is None else PRESETS[checks.choice(mimic, tuple(PRESETS), "mimic")]
    settings = asdict(preset)
    stated = {key: value for key, value in given.items() if value is not None}
    settings |= stated
    if settings["method"] in ("paf", "alpha"):
        for name in ("tolerance", "max_iter"):
            settings[name] = stated.get(name, getattr(preset, f"paf_{name}"))
    if "normalize" not in stated:
        settings["normalize"] = dict(preset.normalize).get(settings["rotation"])
    del settings["paf_tolerance"], settings["paf_max_iter"]
    return settings
