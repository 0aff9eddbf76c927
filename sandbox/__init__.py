"""A desk-top stand-in for the outside world, for trial and tests: a local Slack, Jira, GitHub, PagerDuty and mail box."""
