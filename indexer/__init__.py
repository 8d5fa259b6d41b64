"""Mirrors every contract event into Postgres, through reorgs and restarts, and audits itself against the chain."""
