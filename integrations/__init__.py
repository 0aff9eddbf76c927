"""The outside systems: one folder each, behind a Protocol by capability."""
