"""Generalizability theory: which sources make scores differ, and how many raters or items a decision needs."""
