"""The real Temporal server on a real PostgreSQL, as in production, without containers."""
