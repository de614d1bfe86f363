"""Putting the stems to models, and reading what they wrote."""
