"""Reliability of sums of items: alpha, omega, the greatest lower bound, Guttman's bounds, and tables of scales.

Labelled faces: `coefficient_alpha`, `coefficient_omega`, `greatest_lower_bound`, `lambdas`, `scales`. Array core:
`hierarchy` (general and group factors), `bifactor_indices`, `trace_minimum` (a semidefinite program), `resamples`.
"""
