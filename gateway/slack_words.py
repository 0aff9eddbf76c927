"""The short answers that Slack takes in its responses, and words that several doors say."""

from typing import Any

from gateway.running import Outcome
from integrations.slack.mrkdwn import escaped

Answer = dict[str, Any] | None
"""What Slack's request is answered with as JSON; None is an empty answer."""

WORKING = "Working on it; I tell you here when it is done. If you hear nothing within two minutes, please ask again."
UNREADABLE = "I could not read what Slack sent me; the operators find it in the gateway's quarantine."
FAILED = "That failed here, and nothing tells me that it was done; please look at the ticket. The operators find it in the log."
NO_FORM = "Slack did not let me open the form in time; please press the button again, or type /tier help."


def said(outcome: Outcome) -> str:
    """What came of a command, as Slack shows it."""
    return escaped(outcome.message)


def ephemeral(text: str) -> Answer:
    """Seen by the person who typed alone."""
    return {"response_type": "ephemeral", "text": text}


def form_errors(errors: dict[str, str]) -> Answer:
    """A form that stays open with a sentence under some of its inputs, by their blocks' ids."""
    return {"response_action": "errors", "errors": errors}
