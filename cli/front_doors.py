"""The front doors of a running Tierline: its REST API, the vendor's page, and what people do in the sandbox's Slack, Jira, GitHub
and PagerDuty. All of it is HTTP; the sandbox signs what it sends on, as the vendors do.
"""

import asyncio
import re
from typing import Any

import httpx2

Json = dict[str, Any]

LEAD = "U0LENA"
L1_AGENT = "U0SAM"
L2_AGENT = "U0TOM"
ENGINEER = "U0ADA"
L1_CHANNEL = "C0SUPL1"
LEADS_CHANNEL = "C0LEADS"
ENGINEER_ELSEWHERE = "ada"
_COME_AGAIN = 503
_ASKED_AGAIN, _PAUSE_S = 5, 0.5
"""How often the same request is sent while its answer is that Tierline cannot reach its workflows at the moment."""
_NONCE = re.compile(r'name="nonce" value="([^"]+)"')


class DoorClosed(Exception):
    """A front door did not take what was handed in; the message says which and why."""


class FrontDoors:
    """What people and systems can do from outside."""

    def __init__(self, http: httpx2.AsyncClient, *, gateway: str, sandbox: str, token: str) -> None:
        self._http = http
        self._gateway = gateway
        self._sandbox = sandbox
        self._token = token

    # --- the REST API ---------------------------------------------------------------------------------------------

    async def open_ticket(self, body: Json) -> Json:
        """A help desk hands a customer's ticket over."""
        return await self._api("POST", "/api/v1/tickets", body, key=f"open-{body['ticket_id']}")

    async def ticket(self, ticket_id: str) -> Json:
        """The ticket as the API shows it."""
        return await self._api("GET", f"/api/v1/tickets/{ticket_id}")

    async def customer_writes(self, ticket_id: str, text: str, *, key: str) -> Json:
        """The help desk passes on what the customer wrote."""
        return await self._api("POST", f"/api/v1/tickets/{ticket_id}/customer-message", {"text": text}, key=key)

    async def _api(self, method: str, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        headers = {"Authorization": f"Bearer {self._token}"} | ({"Idempotency-Key": key} if key else {})
        for _ in range(_ASKED_AGAIN):
            answer = await self._http.request(method, self._gateway + path, json=body, headers=headers)
            if answer.status_code != _COME_AGAIN:
                break
            await asyncio.sleep(_PAUSE_S)
        if answer.status_code >= 400:
            raise DoorClosed(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        found: Json = answer.json()
        return found

    # --- Slack ----------------------------------------------------------------------------------------------------

    async def types(self, user: str, text: str, *, channel: str = L1_CHANNEL) -> Json:
        """Somebody types ``/tier …`` in Slack."""
        return await self._act("/people/slack/command", user=user, channel=channel, command="/tier", text=text)

    async def presses(self, user: str, card: Json, action: str) -> Json:
        """Somebody presses a button of a card."""
        return await self._act(
            "/people/slack/click", user=user, channel=card["channel"], ts=card["ts"], action_id=action
        )

    async def messages(self, channel: str) -> list[Json]:
        """A channel's messages, with their threads."""
        shown = await self._see(f"/people/slack/channels/{channel}/messages")
        return [message | {"channel": channel} for message in shown["messages"]]

    async def cards(self, ticket_id: str) -> list[Json]:
        """The messages in L1's channel that are the ticket's card: there is to be one."""
        return [m for m in await self.messages(L1_CHANNEL) if _key(m) == f"{ticket_id}/card"]

    # --- Jira, GitHub, PagerDuty, mail ------------------------------------------------------------------------------

    async def jira_issues(self) -> list[Json]:
        """The issues on the Jira board."""
        return await self._list("/people/jira/issues")

    async def comments_in_jira(self, key: str, text: str) -> None:
        """The engineer comments."""
        await self._act(f"/people/jira/issues/{key}/comment", user=ENGINEER_ELSEWHERE, text=text)

    async def takes_in_jira(self, key: str) -> None:
        """The engineer assigns the issue to herself."""
        await self._act(f"/people/jira/issues/{key}/assign", user=ENGINEER_ELSEWHERE)

    async def moves_in_jira(self, key: str, to: str) -> None:
        """The engineer moves the issue."""
        await self._act(f"/people/jira/issues/{key}/transition", user=ENGINEER_ELSEWHERE, to=to)

    async def github_issues(self) -> list[Json]:
        """The issues of the GitHub repository."""
        return await self._list("/people/github/issues")

    async def closes_in_github(self, repository: str, number: int, text: str) -> None:
        """The engineer comments and closes."""
        path = f"/people/github/issues/{repository}/{number}"
        await self._act(f"{path}/comment", user=ENGINEER_ELSEWHERE, text=text)
        await self._act(f"{path}/close", user=ENGINEER_ELSEWHERE)

    async def plans_in_github(self, repository: str, number: int, milestone: str) -> None:
        """The engineer says which release the fix will be in."""
        path = f"/people/github/issues/{repository}/{number}/milestone"
        await self._act(path, user=ENGINEER_ELSEWHERE, title=milestone)

    async def releases_in_github(self, repository: str, tag: str) -> None:
        """The engineer publishes a release."""
        path = f"/people/github/repositories/{repository}/releases"
        await self._act(path, user=ENGINEER_ELSEWHERE, tag=tag, name=tag)

    async def incidents(self) -> list[Json]:
        """PagerDuty's incidents."""
        return await self._list("/people/pagerduty/incidents")

    async def acknowledges(self, incident_id: str) -> None:
        """The on-call acknowledges."""
        await self._act(f"/people/pagerduty/incidents/{incident_id}/acknowledge", user=ENGINEER_ELSEWHERE)

    async def mails_to(self, address: str) -> list[Json]:
        """The messages that an address was sent."""
        mails = await self._list("/people/mail/messages")
        return [mail for mail in mails if address in mail["to"]]

    # --- the vendor's page ------------------------------------------------------------------------------------------

    async def vendor_answers(self, link: str, text: str) -> str:
        """The vendor opens the signed link from its mail and sends the form; returns the page that thanks."""
        page = await self._http.get(link)
        nonce = _NONCE.search(page.text)
        if page.status_code != 200 or nonce is None:
            raise DoorClosed(f"the vendor's page answered {page.status_code} without a form")
        answer = await self._http.post(link, data={"answer": text, "nonce": nonce[1]})
        if answer.status_code != 200:
            raise DoorClosed(f"the vendor's page answered {answer.status_code} to the form")
        return answer.text

    # --- what the sandbox saw ---------------------------------------------------------------------------------------

    async def ledger(self, system: str, operation: str) -> list[Json]:
        """What took effect in an outside system."""
        return await self._list(f"/sandbox/ledger?system={system}&operation={operation}")

    async def _act(self, path: str, **body: Any) -> Json:
        answer = await self._http.post(self._sandbox + path, json=body)
        if answer.status_code >= 400:
            raise DoorClosed(f"{path}: {answer.status_code} {answer.text[:200]}")
        found: Json = answer.json()
        return found

    async def _list(self, path: str) -> list[Json]:
        found: list[Json] = await self._see(path)
        return found

    async def _see(self, path: str) -> Any:
        answer = await self._http.get(self._sandbox + path)
        if answer.status_code >= 400:
            raise DoorClosed(f"{path}: {answer.status_code} {answer.text[:200]}")
        return answer.json()


def _key(message: Json) -> str | None:
    key: str | None = message.get("metadata", {}).get("event_payload", {}).get("key")
    return key
