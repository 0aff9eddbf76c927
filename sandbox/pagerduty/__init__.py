"""The sandbox's local PagerDuty."""
