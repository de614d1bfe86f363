"""Ratings as ordered categories: the cumulative link mixed model, and the scores of objects that it gives."""
