"""The HTTP and WebSocket interface; reads Postgres and Redis, never the chain on the request path."""
