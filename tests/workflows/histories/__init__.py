"""Recorded histories, one JSON file each, and the program that records them."""
