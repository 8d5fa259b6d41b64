"""Where the contracts are."""
