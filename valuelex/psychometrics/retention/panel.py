"""Step 3: how many factors? Every criterion names its settings; `retain` puts them side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuelex.errors import DataError, SettingError
from valuelex.psychometrics import checks, intake
from valuelex.psychometrics.results import Result
from valuelex.psychometrics.retention import comparison_data as comparison
from valuelex.psychometrics.retention import ega as graph
from valuelex.psychometrics.retention import ensemble, hull, kaiser_guttman, nest, parallel, sequential
from valuelex.psychometrics.retention.average_partial import map_test
from valuelex.psychometrics.retention.eigenvalues import KINDS, eigenvalues
from valuelex.psychometrics.retention.given import substitute

FloatArray = NDArray[np.float64]

Answer = tuple[int, dict[str, Any], Result]

DEFAULT = ("parallel", "parallel_smc", "nest", "map", "ekc", "hull", "ensemble", "kaiser")
# Kaiser's rule over-factors. The ensemble repeats what others in the panel said: a vote would count them twice.
NO_VOTE = ("kaiser", "ensemble")
FIT_RULES = sequential.RULES


@dataclass(frozen=True, eq=False)
class RetentionResult(Result):
    """Criteria side by side.

    `frame` has columns criterion, n_factors, settings (JSON); n_factors is missing where a criterion could not be
    computed, and settings then say why. `vote` is the mode over the criteria, the smallest if several tie (None if no
    criterion may vote); `disagreement` is their range. Kaiser's rule over-factors and has no vote, nor has the ensemble.
    `eigenvalues` and `reference` (None without parallel analysis) draw the scree plot. `details` has the full result of
    each criterion.
    """

    frame: pd.DataFrame
    vote: int | None
    disagreement: int
    eigenvalues: FloatArray
    reference: FloatArray | None
    details: dict[str, Result]
    settings: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Columns criterion, n_factors, settings."""
        return self.frame.copy()

    def plot(self) -> Any:
        """Draw the scree plot with the reference of parallel analysis, as a plotly figure."""
        from valuelex.psychometrics.handover.pictures import figure, scree

        return figure(scree(self.eigenvalues, {} if self.reference is None else {"parallel analysis": self.reference}))

    def _headline(self) -> str:
        vote = "no vote" if self.vote is None else f"vote: {self.vote} factors"
        said = f"criteria differ by {self.disagreement}" if self.disagreement else "all criteria agree"
        return f"How many factors? {vote}, {said}"


def retain(
    data: object,
    criteria: Sequence[str] = DEFAULT,
    *,
    seed: int | None = None,
    n_iter: int | None = None,
    percentile: float | str = 95,
    kind: str = "pca",
    reference: str | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    n_obs: int | None = None,
) -> RetentionResult:
    """Ask several criteria how many factors to keep, and show how far they disagree.

    Parameters
    ----------
    data : DataFrame or array
        n x p raw data, or a p x p correlation matrix with n_obs.
    criteria : sequence of str
        Which to ask, in the order of the rows:

        - parallel (by `kind` and `percentile`), parallel_mean, parallel_smc, parallel_smc_mean, parallel_minres
        - nest; map, map4; ekc; hull (common part accounted for), hull_cfi, hull_rmsea
        - chi2, rmsea, bic, sabic, aic: fit of maximum-likelihood solutions
        - ega, ega_louvain (graphical lasso); ega_tmfg, ega_tmfg_louvain: communities by walktrap unless named
        - comparison_data: seconds rather than milliseconds
        - ensemble: a rule over several of these (see `ensemble`)
        - kaiser: warns that it over-factors, and has no vote

    seed, n_iter, percentile, kind, reference, correlation, missing, n_obs
        As in `parallel_analysis`. For polychorics chi2 to aic and hull take the Pearson correlations of the same data,
        and comparison_data too; their rows say so. nest and ekc take the effective n.

    Raises
    ------
    SettingError
        An unknown criterion, or none.
    """
    names = [criteria] if isinstance(criteria, str) else list(criteria)
    if not names:
        raise SettingError("criteria is empty.", f"Name at least one of: {', '.join(CRITERIA)}.")
    for name in names:
        checks.choice(name, tuple(CRITERIA), "criterion")
    checks.choice(kind, KINDS, "kind")
    quantile = None if percentile == "mean" else checks.number(percentile, "percentile", low=0, high=100)
    seed = checks.resolve_seed(seed)
    common: dict[str, Any] = {"correlation": correlation, "missing": missing, "n_obs": n_obs}
    panel = Panel(data, names, seed, n_iter, quantile, kind, reference, common)
    details: dict[str, Result] = {}
    rows = []
    for name in names:
        count: int | None
        try:
            count, told, details[name] = panel.ask(name)
        except DataError as error:
            if len(names) == 1:
                raise
            count, told = None, {"not computed": str(error)}
            checks.warn(f"Criterion {name} could not be computed: {error}")
        told = {key: value for key, value in told.items() if key != "criterion"}
        rows.append({"criterion": name, "n_factors": count, "settings": json.dumps(told, sort_keys=True)})
    if "kaiser" in names:
        checks.warn("Kaiser's rule (eigenvalues above 1) over-factors; it is shown but has no vote.")
    frame = pd.DataFrame(rows, columns=["criterion", "n_factors", "settings"])
    frame["n_factors"] = frame["n_factors"].astype("Int64" if frame["n_factors"].isna().any() else "int64")
    votes = frame.loc[~frame["criterion"].isin(NO_VOTE), "n_factors"].dropna()
    first = details.get("parallel")
    return RetentionResult(
        frame,
        None if votes.empty else int(votes.mode().min()),
        0 if votes.empty else int(votes.max() - votes.min()),
        first.eigenvalues if isinstance(first, parallel.ParallelResult) else eigenvalues(panel.ready.R),
        first.reference if isinstance(first, parallel.ParallelResult) else None,
        details,
        {
            "criteria": names,
            "vote_rule": "mode, smallest on ties, without kaiser and ensemble",
            "seed": seed,
            "n_iter": n_iter,
            "percentile": percentile,
            "kind": kind,
            "reference": reference,
            **common,
        },
    )


@dataclass(eq=False)
class Panel:
    """One data set asked by several criteria: what they share (reference draws, fits) is computed once."""

    data: object
    names: Sequence[str]
    seed: int
    n_iter: int | None
    quantile: float | None
    kind: str
    reference: str | None
    common: dict[str, Any]
    answers: dict[str, Answer] = field(default_factory=dict)

    def ask(self, name: str) -> Answer:
        """Number of factors by one criterion, its settings, its full result."""
        if name not in self.answers:
            self.answers[name] = CRITERIA[name](self, name)
        return self.answers[name]

    @property
    def correlation(self) -> str:
        """Name of the correlation."""
        return str(self.common["correlation"])

    @cached_property
    def ready(self) -> intake.Input:
        """The checked input."""
        return intake.prepare(
            self.data,
            n_obs=self.common["n_obs"],
            correlation=self.correlation,
            missing=self.common["missing"],
            need_n=any(name not in ("map", "map4", "kaiser") for name in self.names),
        )

    @cached_property
    def simulation(self) -> parallel.Simulation:
        """Reference eigenvalues for all kinds that the named criteria need, from the same draws."""
        needed = {self._kind(name) for name in self.names if name.startswith("parallel")}
        if any(name.startswith(("hull", "ensemble")) for name in self.names):
            needed |= {"pca", "fa"}
        if not self._smc_exists:
            needed.discard("fa")
        kinds = tuple(kind for kind in KINDS if kind in needed)
        return parallel.simulate(self.ready, kinds, self.n_iter, self.reference, self.correlation, self.seed)

    @cached_property
    def _smc_exists(self) -> bool:
        return parallel.smc_exists(self.ready)

    @cached_property
    def pearson(self) -> tuple[intake.Input, dict[str, Any]]:
        """Input for criteria of fit, and what their rows say about it."""
        ready, told = substitute(self.data, self.ready, self.correlation, self.common["missing"])
        return ready, {"correlation": self.correlation, "missing": self.common["missing"], "n_obs": ready.n_obs} | told

    @cached_property
    def fits(self) -> sequential.FactorFits:
        """ML fits, each made once."""
        return sequential.factor_fits(*self._fitted(self.pearson))

    @cached_property
    def own_fits(self) -> sequential.FactorFits:
        """ML fits of the matrix itself, polychoric or not."""
        return self.fits if self.pearson[0] is self.ready else sequential.factor_fits(self.ready, self.correlation)

    @staticmethod
    def _fitted(given: tuple[intake.Input, dict[str, Any]]) -> tuple[intake.Input, str]:
        return given[0], str(given[1]["correlation"])

    def _kind(self, name: str) -> str:
        kinds = {"parallel": self.kind, "parallel_mean": "pca", "parallel_minres": "minres"}
        return kinds.get(name, "fa")

    def parallel(self, name: str) -> Answer:
        """Parallel analysis of one kind."""
        kind = self._kind(name)
        if kind == "fa" and not self._smc_exists:
            parallel.refuse_smc(self.ready)
        quantile = self.quantile if name == "parallel" else None if name.endswith("_mean") else 95.0
        settings = {key: self.common[key] for key in ("correlation", "missing")}
        found = parallel.judge(self.ready, self.simulation, kind, quantile, settings)
        return found.n_factors, found.settings, found

    def nest(self, name: str) -> Answer:
        """Next eigenvalue sufficiency test."""
        found = nest.nest(self.ready, seed=self.seed, **self.common)
        return found.n_factors, found.settings, found

    def average_partial(self, name: str) -> Answer:
        """MAP by either power."""
        found = map_test(self.ready, **self.common)
        count = found.n_factors_fourth if name == "map4" else found.n_factors
        return count, found.settings | {"power": 4 if name == "map4" else 2}, found

    def eigenvalue_rule(self, name: str) -> Answer:
        """Empirical Kaiser criterion or Kaiser's rule."""
        rule = kaiser_guttman.ekc if name == "ekc" else kaiser_guttman.kaiser
        found = rule(self.ready, **self.common)
        return found.n_factors, found.settings, found

    def hull(self, name: str) -> Answer:
        """Hull by one measure of fit."""
        fit = name.removeprefix("hull_") if "_" in name else "caf"
        bound = hull.upper_bound(self.ready, self.simulation)
        common = {"correlation": self.correlation, "missing": self.common["missing"], "n_obs": self.ready.n_obs}
        ready, settings = self.pearson if fit == "caf" else (self.ready, common)
        told = {"max_factors_rule": hull.BOUND, **self.simulation.settings, **settings}
        found = hull.hull_of(ready, fit, bound, told, None if fit == "caf" else self.own_fits)
        return found.n_factors, found.settings, found

    def fit_rule(self, name: str) -> Answer:
        """One of the sequential rules of fit."""
        found = sequential.result_of(self.fits, (name,), self.pearson[1])
        return found.n_factors[name], found.settings, found

    def comparison_data(self, name: str) -> Answer:
        """Comparison data; they copy the margins, so that Pearson correlations serve for ordinal data too."""
        if self.common["n_obs"] is not None:
            raise DataError("Comparison data need complete raw data: they copy the margins.", "Give raw data.")
        method = self.correlation if self.correlation in ("pearson", "spearman") else "pearson"
        found = comparison.comparison_data(
            self.data, correlation=method, missing=self.common["missing"], seed=self.seed
        )
        return found.n_factors, found.settings, found

    def ega(self, name: str) -> Answer:
        """Exploratory graph analysis without bootstrap."""
        network = "tmfg" if "tmfg" in name else "glasso"
        algorithm = "louvain" if name.endswith("louvain") else "walktrap"
        found = graph.ega(self.ready, network, algorithm, seed=self.seed, **self.common)
        return found.n_factors, found.settings, found

    def ensemble(self, name: str) -> Answer:
        """The rule over several criteria."""
        asked: dict[str, int] = {}
        for member in ensemble.MEMBERS:
            try:
                asked[member] = self.ask(member)[0]
            except DataError:
                continue
        found = ensemble.combine(asked)
        return found.n_factors, found.settings, found


CRITERIA: dict[str, Callable[[Panel, str], Answer]] = {
    **dict.fromkeys(
        ("parallel", "parallel_mean", "parallel_smc", "parallel_smc_mean", "parallel_minres"), Panel.parallel
    ),
    "nest": Panel.nest,
    **dict.fromkeys(("map", "map4"), Panel.average_partial),
    **dict.fromkeys(("ekc", "kaiser"), Panel.eigenvalue_rule),
    **dict.fromkeys(("hull", "hull_cfi", "hull_rmsea"), Panel.hull),
    **dict.fromkeys(FIT_RULES, Panel.fit_rule),
    "comparison_data": Panel.comparison_data,
    **dict.fromkeys(("ega", "ega_louvain", "ega_tmfg", "ega_tmfg_louvain"), Panel.ega),
    "ensemble": Panel.ensemble,
}
