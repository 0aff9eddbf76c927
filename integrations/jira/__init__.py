"""Jira Cloud as an issue tracker."""
