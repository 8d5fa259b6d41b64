"""From events to tables: one module for each subject, each a set of handlers over the state."""

DERIVATION = 1
"""Version of the rules: raise it whenever the same logs give other rows. Tables of another version are built anew."""
