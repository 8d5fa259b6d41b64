"""Accounts: balances, positions, books, history."""
