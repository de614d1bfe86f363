"""How many types are there, and how many of them has a sample seen? Coverage, richness estimators, rarefaction."""
