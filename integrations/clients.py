"""Builds the clients of the systems that are configured."""

import dataclasses
from pathlib import Path

from config.sections import GitHubSettings, JiraSettings
from config.settings import Settings
from integrations.chat_room import ChatRoom
from integrations.dead_man.http import HttpDeadManSwitch
from integrations.dead_man_switch import DeadManSwitch
from integrations.errors import PermanentFailure
from integrations.github.tracker import GitHubTracker
from integrations.issue_tracker import IssueTracker
from integrations.jira.account import ApiTokenAccount, PersonalAccessTokenAccount
from integrations.jira.flavours import CloudV2, CloudV3, DataCenter
from integrations.jira.tracker import JiraTracker
from integrations.mail.smtp import SmtpMailer
from integrations.mailer import Mailer
from integrations.pager import Pager
from integrations.pagerduty.pager import PagerDutyPager
from integrations.rotating_secret import FileSecret, Secret
from integrations.slack.room import SlackRoom


@dataclasses.dataclass(frozen=True)
class Clients:
    """One client for each outside system; None where it is not configured."""

    chat: ChatRoom | None = None
    jira: IssueTracker | None = None
    github: IssueTracker | None = None
    pager: Pager | None = None
    mailer: Mailer | None = None
    dead_man: DeadManSwitch | None = None


def build_clients(settings: Settings) -> Clients:
    """The clients that the settings ask for. Building them calls nobody.

    Raises:
        IntegrationError: an address or a key cannot be used as it is.
    """
    slack, jira, github = settings.slack, settings.jira, settings.github
    pagerduty, mail = settings.pagerduty, settings.mail
    dead_man_url = settings.audit.dead_man_url
    return Clients(
        chat=SlackRoom(slack.bot_token, slack.base_url, app_token=slack.app_token) if slack is not None else None,
        jira=_jira(jira) if jira is not None else None,
        github=_github(github) if github is not None else None,
        pager=PagerDutyPager(
            pagerduty.api_key,
            pagerduty.from_email,
            pagerduty.base_url,
            routing_key=pagerduty.routing_key,
            events_url=pagerduty.events_url,
        )
        if pagerduty is not None
        else None,
        mailer=SmtpMailer(mail.host, mail.port, mail.username, mail.password, mail.from_address, mail.starttls)
        if mail is not None
        else None,
        dead_man=HttpDeadManSwitch(dead_man_url) if dead_man_url is not None else None,
    )


def _jira(settings: JiraSettings) -> IssueTracker:
    if settings.url is None:
        raise PermanentFailure("jira", "set its address: TIERLINE_JIRA__URL")
    token = _jira_secret(
        settings.personal_access_token, settings.personal_access_token_file, "TIERLINE_JIRA__PERSONAL_ACCESS_TOKEN_FILE"
    )
    if token is not None:
        return JiraTracker(settings.url, PersonalAccessTokenAccount(token), DataCenter())
    api_token = _jira_secret(settings.api_token, settings.api_token_file, "TIERLINE_JIRA__API_TOKEN_FILE")
    if settings.email is None or api_token is None:
        raise PermanentFailure("jira", "set its account: TIERLINE_JIRA__EMAIL and TIERLINE_JIRA__API_TOKEN")
    flavour = CloudV3() if settings.api_version == "3" else CloudV2()
    return JiraTracker(settings.url, ApiTokenAccount(settings.email, api_token), flavour)


def _jira_secret(given: Secret | None, file: Path | None, variable: str) -> Secret | None:
    return FileSecret(file, system="jira", variable=variable) if file is not None else given


def _github(settings: GitHubSettings) -> IssueTracker:
    return GitHubTracker(
        settings.base_url,
        token=_github_secret(settings.token, settings.token_file, "TIERLINE_GITHUB__TOKEN_FILE"),
        app_id=settings.app_id,
        private_key=_github_secret(
            settings.private_key, settings.private_key_file, "TIERLINE_GITHUB__PRIVATE_KEY_FILE"
        ),
        installation_id=settings.installation_id,
    )


def _github_secret(given: Secret | None, file: Path | None, variable: str) -> Secret | None:
    return FileSecret(file, system="github", variable=variable) if file is not None else given
