"""Tests of the benchmarks themselves: what they compare with, and what they compute."""
