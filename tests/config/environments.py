"""Environments for the settings' tests."""

SECRETS = {
    "TIERLINE_GATEWAY__LINK_SECRET": "link-secret-link-secret-link-secret",
    "TIERLINE_SLACK__BOT_TOKEN": "xoxb-very-secret-bot-token",
    "TIERLINE_SLACK__SIGNING_SECRET": "very-secret-signing",
    "TIERLINE_GITHUB__TOKEN": "ghp_very_secret",
    "TIERLINE_GITHUB__WEBHOOK_SECRET": "very-secret-github-webhook",
}
API_TOKENS = '[{"name": "helpdesk", "roles": ["integration"], "token": "very-secret-api-token"}]'

SLACK_AND_GITHUB = {**SECRETS, "TIERLINE_GATEWAY__API_TOKENS": API_TOKENS}
"""The least with which Tierline runs."""

JIRA = {
    "TIERLINE_JIRA__URL": "https://acme.example/",
    "TIERLINE_JIRA__EMAIL": "bot@acme.example",
    "TIERLINE_JIRA__API_TOKEN": "very-secret-jira-token",
    "TIERLINE_JIRA__WEBHOOK_SECRET": "very-secret-jira-webhook",
}


def without(environment: dict[str, str], *names: str) -> dict[str, str]:
    """The environment without some of its variables."""
    return {name: value for name, value in environment.items() if name not in names}
