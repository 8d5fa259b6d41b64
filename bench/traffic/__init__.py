"""A chain with the traffic of a busy market, made by the real contracts, for benchmarks of what reads chains."""
