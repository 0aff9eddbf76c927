"""Slack as the chat room."""
