"""The embedded stack: a local chain, Postgres, Redis and the services, started, watched and stopped together."""
