"""Linear mixed models with crossed random effects: variance components by REML, scores of objects with the rest taken out."""
