"""`FactorAnalysis`: the same model as a scikit-learn transformer; imported on first use, scikit-learn is heavy."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from valuelex.psychometrics.exploratory.efa import efa
from valuelex.psychometrics.rotation import rotate as rotating


class FactorAnalysis(TransformerMixin, BaseEstimator):
    """Exploratory factor analysis as a scikit-learn estimator; `transform` returns factor scores (n x k).

    Parameters
    ----------
    n_factors : int
        Number of factors.
    method, rotation, correlation, n_starts, normalize, gamma, epsilon, power, lower_bound
        As in `efa`.
    scores : {"regression", "bartlett", "tenberge"}
        Kind of factor scores.
    random_state : int, optional
        Seed of the random rotation starts.

    Attributes
    ----------
    result_ : EFAResult
        The full solution.
    loadings_, phi_ : DataFrame
        Pattern (p x k) and factor correlations (k x k).
    weights_ : array, p x k
        Score weights for standardized variables.
    mean_, scale_ : array, p
        Means and standard deviations (n - 1) by which `transform` standardizes.
    """

    def __init__(
        self,
        n_factors: int = 1,
        *,
        method: str = "minres",
        rotation: str = "oblimin",
        correlation: str = "pearson",
        n_starts: int = rotating.DEFAULT_STARTS,
        normalize: bool | str | None = None,
        gamma: float = 0.0,
        epsilon: float = 0.01,
        power: float = 4.0,
        lower_bound: float = 0.005,
        scores: str = "regression",
        random_state: int | None = None,
    ) -> None:
        self.n_factors = n_factors
        self.method = method
        self.rotation = rotation
        self.correlation = correlation
        self.n_starts = n_starts
        self.normalize = normalize
        self.gamma = gamma
        self.epsilon = epsilon
        self.power = power
        self.lower_bound = lower_bound
        self.scores = scores
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit to X (n cases x p variables, complete)."""
        values = validate_data(self, X, dtype=np.float64, ensure_min_samples=3, ensure_min_features=2)
        names = list(getattr(self, "feature_names_in_", [f"V{j + 1}" for j in range(values.shape[1])]))
        self.result_ = efa(
            pd.DataFrame(values, columns=names),
            self.n_factors,
            self.method,
            rotation=self.rotation,
            correlation=self.correlation,
            n_starts=self.n_starts,
            normalize=self.normalize,
            gamma=self.gamma,
            epsilon=self.epsilon,
            power=self.power,
            lower_bound=self.lower_bound,
            seed=self.random_state,
        )
        self.loadings_ = self.result_.loadings
        self.phi_ = self.result_.phi
        self.weights_ = self.result_.weights(self.scores).to_numpy()
        self.mean_ = values.mean(axis=0)
        self.scale_ = values.std(axis=0, ddof=1)
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return factor scores (n x k) of X, standardized with the fitted means and standard deviations."""
        check_is_fitted(self)
        values = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray((values - self.mean_) / self.scale_ @ self.weights_)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return F1..Fk."""
        check_is_fitted(self)
        return np.asarray(self.loadings_.columns, dtype=object)
