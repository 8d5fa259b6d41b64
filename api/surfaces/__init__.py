"""Volatility surfaces, spot history and settlements."""
