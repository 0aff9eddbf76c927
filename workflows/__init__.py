"""Thin interpreters of the domain: receive a message, decide, run the intents, wait for the next deadline."""
