"""Vaults and their requests."""
