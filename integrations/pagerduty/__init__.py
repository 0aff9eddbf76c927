"""PagerDuty as the pager."""
