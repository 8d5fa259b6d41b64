"""Volatility surfaces from option quotes: raw SVI for analysis, SSVI slices that the contract accepts for the chain."""
