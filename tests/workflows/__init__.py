"""The real workflows on real Temporal servers; only the outside is a recording."""
