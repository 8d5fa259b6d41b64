"""What the benchmark of the indexer is made of."""
