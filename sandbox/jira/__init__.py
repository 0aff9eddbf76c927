"""The sandbox's local Jira Cloud."""
