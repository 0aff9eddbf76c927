"""The effects: one file per outside system. Each call is one attempt; Temporal retries."""
