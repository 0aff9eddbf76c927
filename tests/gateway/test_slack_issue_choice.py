"""Buttons by which somebody says whether an issue is the same: pressed, typed, and by the API."""

import pytest

from domain.messages import LinkIssue, OpenNewIssue, Request
from domain.people import Role
from gateway.slack_words import UNREADABLE
from tests.gateway.front_door import AGENT, LEAD, FrontDoor, eventually, token


@pytest.mark.parametrize(
    ("action", "value", "request_"),
    [
        ("tierline.issue_choice.link.0", "T-1042 PAY-3", LinkIssue(reference="PAY-3")),
        ("tierline.issue_choice.link.2", "T-1042 acme/storefront#7", LinkIssue(reference="acme/storefront#7")),
        ("tierline.issue_choice.open", "T-1042", OpenNewIssue()),
    ],
)
async def test_a_press_acts_once_and_is_answered(door: FrontDoor, action: str, value: str, request_: Request) -> None:
    for _ in range(2):
        assert (await door.presses(action, value=value)).content == b""
    await eventually(lambda: len(door.response_urls.told) == 2)

    ((ticket_id, command),) = door.desk.commands
    assert (ticket_id, command.request, command.by.id) == ("T-1042", request_, LEAD)


async def test_who_may_not_choose_is_told_alone(door: FrontDoor) -> None:
    await door.presses("tierline.issue_choice.open", user=AGENT)
    await door.presses("tierline.issue_choice.link.0", value="T-1042 PAY-3", user=AGENT)
    await eventually(lambda: len(door.response_urls.told) == 2)

    assert door.desk.commands == []
    assert all("You cannot" in told for told in door.response_urls.told)


async def test_a_choice_that_is_over_says_so(door: FrontDoor) -> None:
    door.desk.refusal = "T-1042: it waits for no choice"

    await door.presses("tierline.issue_choice.open")

    await eventually(lambda: door.response_urls.told == ["T-1042: it waits for no choice"])


@pytest.mark.parametrize(("action", "value"), [("link.0", "T-1042"), ("open", "PAY-3"), ("link.1", "")])
async def test_a_button_that_names_nothing_is_unreadable_and_does_nothing(
    door: FrontDoor, action: str, value: str
) -> None:
    await door.presses(f"tierline.issue_choice.{action}", value=value)

    await eventually(lambda: door.response_urls.told == [UNREADABLE])
    assert door.desk.commands == []


async def test_it_is_typed_as_well(door: FrontDoor) -> None:
    await door.types("open T-1042", user=LEAD)

    ((ticket_id, command),) = door.desk.commands
    assert (ticket_id, command.request) == ("T-1042", OpenNewIssue())


async def test_the_api_opens_one_by_the_same_roles(door: FrontDoor) -> None:
    refused = await door.http.post(
        "/api/v1/tickets/T-1042/open-issue", headers={"Authorization": f"Bearer {token(Role.AGENT)}"}
    )
    taken = await door.http.post(
        "/api/v1/tickets/T-1042/open-issue", headers={"Authorization": f"Bearer {token(Role.LEAD)}"}
    )

    assert (refused.status_code, taken.status_code) == (403, 200)
    assert [command.request for _, command in door.desk.commands] == [OpenNewIssue()]
