"""The step ``score``: judgements become scores whose error is known, and the test is examined as a test."""
