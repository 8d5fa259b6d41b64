"""Prices, quotes and marks from the tables, by the contracts' own integer formulas."""
