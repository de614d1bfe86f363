"""The works that a methods section rests on, in APA style (7th edition)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """How a work is named in the text, and its entry in the list of references."""

    cited: str
    entry: str

    @property
    def narrative(self) -> str:
        """As part of a sentence: Hennig (2007)."""
        authors, _, year = self.cited.rpartition(", ")
        return f"{authors.replace(' & ', ' and ')} ({year})"


WORKS = {
    "valuelex": Work(
        "Biedma et al., 2024",
        "Biedma, P., Yi, X., Huang, L., Sun, M., & Xie, X. (2024). Beyond human norms: Unveiling unique values of "
        "large language models through interdisciplinary approaches. arXiv. https://arxiv.org/abs/2404.12744",
    ),
    "ledoit": Work(
        "Ledoit & Wolf, 2004",
        "Ledoit, O., & Wolf, M. (2004). A well-conditioned estimator for large-dimensional covariance matrices. "
        "Journal of Multivariate Analysis, 88(2), 365–411. https://doi.org/10.1016/S0047-259X(03)00096-4",
    ),
    "horn": Work(
        "Horn, 1965",
        "Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis. Psychometrika, 30(2), "
        "179–185. https://doi.org/10.1007/BF02289447",
    ),
    "kaiser": Work(
        "Kaiser & Rice, 1974",
        "Kaiser, H. F., & Rice, J. (1974). Little Jiffy, Mark IV. Educational and Psychological Measurement, 34(1), "
        "111–117. https://doi.org/10.1177/001316447403400115",
    ),
    "bartlett": Work(
        "Bartlett, 1951",
        "Bartlett, M. S. (1951). The effect of standardization on a χ² approximation in factor analysis. Biometrika, "
        "38(3/4), 337–344. https://doi.org/10.1093/biomet/38.3-4.337",
    ),
    "harman": Work(
        "Harman & Jones, 1966",
        "Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres). Psychometrika, 31(3), "
        "351–368. https://doi.org/10.1007/BF02289468",
    ),
    "jennrich": Work(
        "Jennrich, 2002",
        "Jennrich, R. I. (2002). A simple general method for oblique rotation. Psychometrika, 67(1), 7–19. "
        "https://doi.org/10.1007/BF02294706",
    ),
    "dwyer": Work(
        "Dwyer, 1937",
        "Dwyer, P. S. (1937). The determination of the factor loadings of a given test from the known factor "
        "loadings of other tests. Psychometrika, 2(3), 173–178. https://doi.org/10.1007/BF02288394",
    ),
    "hennig": Work(
        "Hennig, 2007",
        "Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics & Data Analysis, "
        "52(1), 258–271. https://doi.org/10.1016/j.csda.2006.11.025",
    ),
    "tucker": Work(
        "Lorenzo-Seva & ten Berge, 2006",
        "Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker’s congruence coefficient as a meaningful index of "
        "factor similarity. Methodology, 2(2), 57–64. https://doi.org/10.1027/1614-2241.2.2.57",
    ),
    "rousseeuw": Work(
        "Rousseeuw, 1987",
        "Rousseeuw, P. J. (1987). Silhouettes: A graphical aid to the interpretation and validation of cluster "
        "analysis. Journal of Computational and Applied Mathematics, 20, 53–65. "
        "https://doi.org/10.1016/0377-0427(87)90125-7",
    ),
    "minilm": Work(
        "Wang et al., 2020",
        "Wang, W., Wei, F., Dong, L., Bao, H., Yang, N., & Zhou, M. (2020). MiniLM: Deep self-attention "
        "distillation for task-agnostic compression of pre-trained transformers. arXiv. "
        "https://arxiv.org/abs/2002.10957",
    ),
    "kenward": Work(
        "Kenward & Roger, 1997",
        "Kenward, M. G., & Roger, J. H. (1997). Small sample inference for fixed effects from restricted maximum "
        "likelihood. Biometrics, 53(3), 983–997. https://doi.org/10.2307/2533558",
    ),
    "holm": Work(
        "Holm, 1979",
        "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics, "
        "6(2), 65–70. https://www.jstor.org/stable/4615733",
    ),
    "lakens": Work(
        "Lakens, 2017",
        "Lakens, D. (2017). Equivalence tests: A practical primer for t tests, correlations, and meta-analyses. Social "
        "Psychological and Personality Science, 8(4), 355–362. https://doi.org/10.1177/1948550617697177",
    ),
    "cameron": Work(
        "Cameron et al., 2008",
        "Cameron, A. C., Gelbach, J. B., & Miller, D. L. (2008). Bootstrap-based improvements for inference with "
        "clustered errors. The Review of Economics and Statistics, 90(3), 414–427. "
        "https://doi.org/10.1162/rest.90.3.414",
    ),
    "brennan": Work(
        "Brennan, 2001",
        "Brennan, R. L. (2001). Generalizability theory. Springer. https://doi.org/10.1007/978-1-4757-3456-0",
    ),
}


def cite(*keys: str) -> str:
    """Return a citation in brackets: (Horn, 1965; Kaiser & Rice, 1974)."""
    return f"({'; '.join(sorted(WORKS[key].cited for key in keys))})"


def entries(keys: Iterable[str]) -> list[str]:
    """Return the list of references, in alphabetical order, each once."""
    return sorted({WORKS[key].entry for key in keys})
