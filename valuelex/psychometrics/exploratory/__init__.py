"""Exploratory factor analysis: `efa.py` puts extraction, rotation, fit, scores and resampling together."""
