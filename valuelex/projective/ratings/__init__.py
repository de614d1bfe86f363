"""Ratings by people: a blinded sheet goes out, comes back, is checked, and is one more judge."""
