"""Markets, expiries and the option chain."""
