"""Tries a policy on the past: an event log is told to the rules of ``domain``, and every clock is judged.

Nothing here talks to Temporal or to the outside; the live workflow decides by the same rules.
"""
