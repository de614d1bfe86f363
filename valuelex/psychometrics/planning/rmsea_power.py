"""Power of tests of close fit by RMSEA, in closed form (MacCallum, Browne & Sugawara, 1996, 10.1037/1082-989X.1.2.130)."""

from __future__ import annotations

import math

from valuelex.errors import SettingError
from valuelex.psychometrics import checks

MOST = 10_000_000


def rmsea_power(
    df: int, n: int, *, rmsea0: float = 0.05, rmsea_a: float = 0.08, alpha: float = 0.05, n_groups: int = 1
) -> float:
    """Probability of rejecting RMSEA = rmsea0 when it is rmsea_a.

    With rmsea_a > rmsea0 the test of close fit (or exact fit, rmsea0 = 0): large chi-squares reject. With rmsea_a < rmsea0
    the test of not-close fit: small ones do. The noncentrality is (n - 1) df rmsea^2, over the number of groups (Steiger,
    1998).

    Parameters
    ----------
    df : int
        Degrees of freedom of the model.
    n : int
        Cases.
    rmsea0, rmsea_a : float in [0, 1)
        Null and alternative; not equal.
    alpha : float
        Level of the test.
    n_groups : int
        Groups that are fitted together.

    Returns
    -------
    float in (0, 1)

    Raises
    ------
    SettingError
        A value out of range, or equal RMSEAs.

    Examples
    --------
    >>> from valuelex import psychometrics as pm
    >>> round(pm.rmsea_power(100, 200), 3)
    0.955
    """
    df = checks.integer(df, "df", low=1)
    n = checks.integer(n, "n", low=2)
    _checked(rmsea0, rmsea_a, alpha, n_groups)
    return _power(df, n, rmsea0, rmsea_a, alpha, n_groups)


def rmsea_sample_size(
    df: int,
    power: float = 0.8,
    *,
    rmsea0: float = 0.05,
    rmsea_a: float = 0.08,
    alpha: float = 0.05,
    n_groups: int = 1,
) -> int:
    """Smallest n at which `rmsea_power` reaches `power`; arguments as there.

    Raises
    ------
    SettingError
        A value out of range, or ten million cases are not enough.

    Examples
    --------
    >>> from valuelex import psychometrics as pm
    >>> pm.rmsea_sample_size(100)
    132
    """
    df = checks.integer(df, "df", low=1)
    power = checks.number(power, "power", low=alpha, high=1)
    _checked(rmsea0, rmsea_a, alpha, n_groups)
    low, high = 2, 4
    while _power(df, high, rmsea0, rmsea_a, alpha, n_groups) < power:
        low, high = high, 2 * high
        if high > MOST:
            raise SettingError(f"A power of {power:g} needs more than {MOST} cases.", "Choose RMSEAs further apart.")
    while high - low > 1:
        middle = (low + high) // 2
        if _power(df, middle, rmsea0, rmsea_a, alpha, n_groups) < power:
            low = middle
        else:
            high = middle
    return high


def _checked(rmsea0: float, rmsea_a: float, alpha: float, n_groups: int) -> None:
    checks.number(alpha, "alpha", low=0, high=1)
    checks.integer(n_groups, "n_groups", low=1)
    for value, name in ((rmsea0, "rmsea0"), (rmsea_a, "rmsea_a")):
        checks.number(value, name, low=-math.ulp(0.0), high=1)
    if rmsea0 == rmsea_a:
        raise SettingError(f"rmsea0 and rmsea_a are both {rmsea0:g}.", "Give an alternative that differs.")


def _power(df: int, n: int, rmsea0: float, rmsea_a: float, alpha: float, n_groups: int) -> float:
    from scipy.special import chdtr, chdtri, chndtr, chndtrix

    null, other = ((n - 1) * df * rmsea**2 / n_groups for rmsea in (rmsea0, rmsea_a))
    level = 1 - alpha if rmsea_a > rmsea0 else alpha
    critical = float(chdtri(df, 1 - level) if null == 0 else chndtrix(level, df, null))
    below = float(chdtr(df, critical) if other == 0 else chndtr(critical, df, other))
    return 1 - below if rmsea_a > rmsea0 else below
