"""Tests of the rules: pure, without Temporal and without a network."""
