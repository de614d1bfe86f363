"""Confirmatory factor analysis: lavaan syntax, estimation, invariance across groups, power."""
