"""Random interleavings of what both sides do."""
