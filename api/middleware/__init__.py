"""Plain ASGI middleware: one wrapper a concern, no per-request task or body copy."""
