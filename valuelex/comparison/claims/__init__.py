"""Claims of a paper as statements that a study can test: what they say, how they are put to the scores, what came of them."""
