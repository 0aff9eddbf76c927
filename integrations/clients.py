"""Builds the clients of the systems that are configured."""

import dataclasses

from config.settings import Settings
from integrations.chat_room import ChatRoom
from integrations.dead_man.http import HttpDeadManSwitch
from integrations.dead_man_switch import DeadManSwitch
from integrations.github.tracker import GitHubTracker
from integrations.issue_tracker import IssueTracker
from integrations.jira.account import ApiTokenAccount
from integrations.jira.tracker import JiraTracker
from integrations.mail.smtp import SmtpMailer
from integrations.mailer import Mailer
from integrations.pager import Pager
from integrations.pagerduty.pager import PagerDutyPager
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
        jira=JiraTracker(jira.url, ApiTokenAccount(jira.email, jira.api_token)) if jira is not None else None,
        github=GitHubTracker(
            github.base_url,
            token=github.token,
            app_id=github.app_id,
            private_key=github.private_key,
            installation_id=github.installation_id,
        )
        if github is not None
        else None,
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
