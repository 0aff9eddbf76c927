"""The sandbox's local GitHub."""
