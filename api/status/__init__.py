"""Head, lag and drift of each network."""
