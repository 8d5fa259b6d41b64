"""The tables against the contracts: every value that a contract can be asked for, at one block."""
