"""A dead-man's switch behind its Protocol: a URL that is asked for (healthchecks.io, Dead Man's Snitch and their like)."""
