"""Reliability of sums of items: alpha, omega."""
