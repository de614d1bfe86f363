"""Inference where the units come in few clusters (models in families): regression, bootstrap, permutation, multiplicity."""
