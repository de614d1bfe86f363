"""Planning a study: how many cases an analysis needs."""
