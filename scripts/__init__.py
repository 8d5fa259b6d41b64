"""ape scripts: `ape run deploy`, `seed`, `list`."""
