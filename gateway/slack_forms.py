"""Opening forms: within the three seconds that a trigger lives, before anything is looked up."""

from domain.card import CardButton
from domain.people import Actor
from gateway import slack_modals
from gateway.access import may, refusal_in_slack
from gateway.gateway import Gateway, SlackDoor
from gateway.slack_modals import Origin
from gateway.slack_surfaces import SurfaceFailure
from gateway.slack_words import NO_FORM


async def open_escalation(
    gateway: Gateway,
    slack: SlackDoor,
    trigger_id: str,
    ticket_id: str | None,
    actor: Actor,
    *,
    channel: str | None = None,
    response_url: str | None = None,
    text: str | None = None,
) -> str | None:
    """Open the form by which a ticket is escalated.

    Args:
        gateway: where the request came to.
        slack: the door that it came through.
        trigger_id: Slack's, good for three seconds.
        ticket_id: the ticket; None lets the person choose one.
        actor: who asked for the form.
        channel: where they asked, so that they can be told there what came of it.
        response_url: where they can be told first of all.
        text: what the reason begins with.

    Returns:
        None when it is open, else one sentence for the person.
    """
    command = slack_modals.COMMANDS[CardButton.ESCALATE]
    if not may(actor, gateway.policy.allowed(command)):
        return refusal_in_slack(gateway.policy, command)
    if ticket_id is None:
        return "Which ticket? Write it as /tier escalate T-1042"
    view = slack_modals.modal(CardButton.ESCALATE, Origin(ticket=ticket_id, response_url=response_url), gateway.policy)
    try:
        await slack.surfaces.open(trigger_id, view)
    except SurfaceFailure:
        return NO_FORM
    return None
