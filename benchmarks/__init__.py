"""Benchmarks: ratios and counts measured side by side in one run, since times differ from machine to machine."""
