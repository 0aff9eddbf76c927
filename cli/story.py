"""The story of the demo, played through the front doors alone: nothing is poked from inside."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

from cli import front_doors
from cli.front_doors import FrontDoors, Json
from cli.narration import Narrator
from domain.durations import format_duration
from domain.policy import ClockKind, Policy
from domain.tiers import Priority

PAYMENTS, STOREFRONT, SECOND = "T-1001", "T-1002", "T-1003"
_JO, _MAX, _NIA = "jo@bakery.example", "max@books.example", "nia@bikes.example"
_VENDOR = "support@cardnet.example"
_LINK = re.compile(r"https?://\S+/vendor/\S+")
_REPOSITORY = "acme/storefront"
_RELEASE = "2.4.1"


class Places:
    """Where to look, as addresses."""

    def __init__(self, *, sandbox: str, ui: str | None, namespace: str) -> None:
        self._sandbox = sandbox
        self._ui = ui
        self._namespace = namespace

    def slack(self, message: Json) -> str:
        """A message in the sandbox's Slack."""
        return f"{self._sandbox}/#slack/{message['channel']}/{message['ts']}"

    def jira(self, key: str) -> str:
        """An issue on the sandbox's Jira board."""
        return f"{self._sandbox}/#jira/{key}"

    def github(self, number: int) -> str:
        """An issue in the sandbox's GitHub."""
        return f"{self._sandbox}/#github/{_REPOSITORY}/{number}"

    def pagerduty(self, incident: str) -> str:
        """An incident in the sandbox's PagerDuty."""
        return f"{self._sandbox}/#pagerduty/{incident}"

    def mail(self, mail: Json) -> str:
        """A message in the sandbox's mail box."""
        return f"{self._sandbox}/#mail/{mail['id']}"

    def workflow(self, workflow_id: str) -> str | None:
        """A workflow in the Temporal UI."""
        if self._ui is None:
            return None
        return f"{self._ui}/namespaces/{self._namespace}/workflows/{quote(workflow_id, safe='')}"


class Story:
    """Seven chapters; each leaves behind what the next one needs."""

    def __init__(self, doors: FrontDoors, narrator: Narrator, places: Places, policy: Policy) -> None:
        self._doors = doors
        self._narrator = narrator
        self._places = places
        self._policy = policy
        self._issue = ""

    async def play(self) -> None:
        """From the first ticket to the digest."""
        await self.open_a_ticket()
        await self.hand_over_by_the_clock()
        await self.escalate_to_engineering()
        await self.work_in_the_tracker()
        await self.ask_the_vendor()
        await self.solve_reopen_and_close()
        await self.read_the_digest()

    # --- 1 --------------------------------------------------------------------------------------------------------

    async def open_a_ticket(self) -> None:
        """A ticket through the API, a card in Slack, clocks that run."""
        say, find = self._narrator.tell, self._narrator.find
        self._narrator.chapter(1, "A customer's ticket is opened; L1 is told, and its clocks run")
        await self._open(
            PAYMENTS, "Card payments are refused", "Jo's Bakery", _JO, product="payments",
            text="Since this morning every card is refused at the till. Call me on +32 470 12 34 56 or write to jo@bakery.example.",
        )  # fmt: skip
        say("Help desk", f"opened {PAYMENTS} through POST /api/v1/tickets", self._places.workflow(f"ticket/{PAYMENTS}"))
        card = await self._card(PAYMENTS)
        say("Tierline", "told L1 in Slack: one card, which will live as long as the ticket", self._places.slack(card))
        view = await self._doors.ticket(PAYMENTS)
        running = sorted(clock["kind"] for clock in view["clocks"] if clock["status"] == "running")
        wanted = sorted(kind.value for kind in self._policy.clocks)
        find("the policy's clocks run", ", ".join(running), matched=running == wanted)
        for clock in view["clocks"]:
            say(
                "Tierline",
                f"{clock['kind'].replace('_', ' ')} clock: {clock['target_s']:.0f} s, due {_time(clock['due_at'])}",
            )

    # --- 2 --------------------------------------------------------------------------------------------------------

    async def hand_over_by_the_clock(self) -> None:
        """L1 answers, the customer comes back, nobody takes the follow-up: the ladder hands it to L2 by itself."""
        say, find = self._narrator.tell, self._narrator.find
        self._narrator.chapter(
            2, "L1 answers; the customer comes back; nobody takes it in time, so the ladder hands it to L2"
        )
        card = await self._card(PAYMENTS)
        await self._doors.presses(front_doors.L1_AGENT, card, "tierline.accept")
        say("sam (L1)", "pressed Accept on the card")
        await self._wait_for_ticket("sam has the ticket", PAYMENTS, lambda view: view["owner"] == "sam")
        await self._type(
            "sam (L1)", front_doors.L1_AGENT, f"reply {PAYMENTS} We are looking into it. Which terminal is it?"
        )
        mail = await self._mail(_JO, 1)
        say("Tierline", "wrote to the customer", self._places.mail(mail))
        answered = await self._wait_for_ticket(
            "first response", PAYMENTS, lambda view: view["first_response_at"] is not None
        )
        met = _clock(answered, "first_response")["outcome"]
        find("the first response clock is met", met, matched=met == "met")
        await self._doors.customer_writes(PAYMENTS, "All three of them, at both shops!", key="jo-comes-back")
        say("Jo (customer)", "came back: “All three of them, at both shops!”")
        target = self._policy.clocks[ClockKind.HANDOFF].targets[Priority.P2]
        say("Tierline", f"gave L1 {format_duration(target)} to take the follow-up")
        warned = await self._wait_for_line(PAYMENTS, "acceptance clock is at 50 %")
        say("Tierline", f"warned: {warned}")
        moved = await self._wait_for_ticket("L2 has it", PAYMENTS, lambda view: view["tier"] == "L2")
        clock = _clock(moved, "handoff", -2)
        due = datetime.fromisoformat(clock["started_at"]) + timedelta(seconds=clock["target_s"])
        late = datetime.fromisoformat(moved["stints"][-1]["entered_at"]) - due
        say("Tierline", f"handed it to L2 by itself at {_time(moved['stints'][-1]['entered_at'])}")
        find(
            "the handoff clock is breached at its due instant",
            clock["breached_at"],
            matched=_same(clock["breached_at"], due),
        )
        find(
            "the ladder handed the ticket to L2 at that instant",
            f"{late.total_seconds():.3f} s after it",
            matched=not late,
        )

    # --- 3 --------------------------------------------------------------------------------------------------------

    async def escalate_to_engineering(self) -> None:
        """A lead escalates from Slack: an issue, a page, an acknowledgement that stops the ladder; a second ticket on GitHub."""
        say, find = self._narrator.tell, self._narrator.find
        self._narrator.chapter(3, "A support lead escalates to L3 from Slack: a Jira issue, a page, an acknowledgement")
        await self._type("tom (L2)", front_doors.L2_AGENT, f"accept {PAYMENTS}")
        reason = "all terminals of two shops, since the release; reach jo@bakery.example"
        await self._type("lena (lead)", front_doors.LEAD, f"escalate {PAYMENTS} L3 {reason}")
        issue = await self._narrator.wait_for("a Jira issue", self._first_jira_issue)
        self._issue = issue["key"]
        say("Tierline", f"opened {self._issue} in Jira", self._places.jira(self._issue))
        clean = "jo@bakery.example" not in str(issue) and "470 12" not in str(issue) and "Jo's" not in str(issue)
        find("no personal data in the Jira issue", "none" if clean else "some", matched=clean)
        await self._acknowledge(PAYMENTS)
        await self._open(
            STOREFRONT, "Basket is empty after login", "Max Books", _MAX, product="storefront",
            text="I put three books into the basket, log in, and it is empty.",
        )  # fmt: skip
        say("Help desk", f"opened {STOREFRONT}, for another product", self._places.workflow(f"ticket/{STOREFRONT}"))
        await self._type("sam (L1)", front_doors.L1_AGENT, f"accept {STOREFRONT}")
        await self._type("lena (lead)", front_doors.LEAD, f"escalate {STOREFRONT} L3 the session is lost on login")
        found = await self._narrator.wait_for("a GitHub issue", self._first_github_issue)
        say("Tierline", f"opened {_REPOSITORY}#{found['number']} in GitHub", self._places.github(found["number"]))
        await self._acknowledge(STOREFRONT)

    async def _acknowledge(self, ticket_id: str) -> None:
        say, find = self._narrator.tell, self._narrator.find

        async def paged() -> Json | None:
            incidents = [i for i in await self._doors.incidents() if f"/{ticket_id}/" in (i["incident_key"] or "")]
            return incidents[0] if incidents else None

        incident = await self._narrator.wait_for("a PagerDuty incident", paged)
        say("Tierline", f"paged the on-call for {ticket_id}", self._places.pagerduty(incident["id"]))
        await self._doors.acknowledges(incident["id"])
        say("ada (on call)", "acknowledged in PagerDuty")
        acknowledged = await self._wait_for_card(ticket_id, "acknowledged by")
        say("Tierline", "shows the acknowledgement on the card", self._places.slack(acknowledged))
        view = await self._wait_for_ticket("ada has the ticket", ticket_id, lambda v: v["owner"] is not None)
        clock = _clock(view, "handoff")
        find(
            f"the acknowledgement stops the ladder of {ticket_id}",
            clock["status"],
            matched=clock["status"] == "stopped",
        )

    # --- 4 --------------------------------------------------------------------------------------------------------

    async def work_in_the_tracker(self) -> None:
        """The engineer works in Jira; card, timeline and thread follow. A second customer's ticket joins the issue."""
        say, find = self._narrator.tell, self._narrator.find
        self._narrator.chapter(4, "The engineer comments and moves the issue; a second customer's ticket joins it")
        await self._doors.comments_in_jira(
            self._issue, "The acquirer answers 91 since the release. Looking at the gateway."
        )
        await self._doors.takes_in_jira(self._issue)
        await self._doors.moves_in_jira(self._issue, "In Progress")
        say(
            "ada (engineer)",
            f"commented on {self._issue}, took it and moved it to In Progress",
            self._places.jira(self._issue),
        )
        card = await self._wait_for_card(PAYMENTS, "In Progress")
        find("the card follows the issue", "In Progress", matched=True)
        await self._wait_for_line(PAYMENTS, "The acquirer answers 91")
        in_thread = await self._narrator.wait_for(
            "the comment in the card's thread", lambda: self._in_thread(PAYMENTS, "answers 91")
        )
        find("timeline and thread follow the comment", in_thread["text"][:60], matched=True)
        say("Tierline", "brought card, timeline and thread up to date", self._places.slack(card))
        await self._open(
            SECOND,
            "Nobody can pay by card",
            "Nia Bikes",
            _NIA,
            product="payments",
            text="Our web shop refuses all cards.",
        )
        await self._type("sam (L1)", front_doors.L1_AGENT, f"accept {SECOND}")
        await self._type("lena (lead)", front_doors.LEAD, f"link {SECOND} {self._issue}")
        await self._wait_for_ticket("linked", SECOND, lambda view: bool(view["issues"]))
        linked = await self._narrator.wait_for("both tickets in Jira", self._both_tickets_in_jira)
        say("Tierline", f"linked {SECOND} to {self._issue}", self._places.jira(self._issue))
        find("the issue shows both tickets", len(linked["links"]), matched=len(linked["links"]) == 2)
        summary = await self._narrator.wait_for("both tickets in the summary", self._summary_in_jira)
        say(
            "Tierline",
            f"keeps one summary on {self._issue}: {_first_line(summary[-1])}",
            self._places.jira(self._issue),
        )
        find("the summary is one comment, edited in place", len(summary), matched=len(summary) == 1)

    # --- 5 --------------------------------------------------------------------------------------------------------

    async def ask_the_vendor(self) -> None:
        """L4: a vendor case with its own clock, a mail with a signed link, an answer on that page, back to L3."""
        say, find = self._narrator.tell, self._narrator.find
        self._narrator.chapter(5, "It is the vendor's part: L4, and back")
        question = "your host answers 91 to all requests since 06:00 UTC, please check the routing"
        await self._type("ada (engineer)", front_doors.ENGINEER, f"escalate {PAYMENTS} L4 cardnet {question}")
        mail = await self._mail(_VENDOR, 1)
        say("Tierline", "asked the vendor by mail, with a signed link", self._places.mail(mail))
        say("Tierline", "started the vendor's own clock", self._places.workflow(f"vendor-case/{PAYMENTS}/1"))
        link = _LINK.search(mail["text"])
        find("the mail holds a signed link", link[0][:48] + "…" if link else "none", matched=link is not None)
        if link is not None:
            await self._doors.vendor_answers(link[0], "Routing corrected at 07:12 UTC. Please try again.")
            say("Cardnet", "answered on the page behind the link", link[0])
        back = await self._wait_for_ticket("back in L3", PAYMENTS, lambda view: view["tier"] == "L3")
        path = [stint["tier"] for stint in back["stints"]]
        find("the path is L1, L2, L3, L4, L3", ", ".join(path), matched=path == ["L1", "L2", "L3", "L4", "L3"])
        await self._type("ada (engineer)", front_doors.ENGINEER, f"accept {PAYMENTS}")

    # --- 6 --------------------------------------------------------------------------------------------------------

    async def solve_reopen_and_close(self) -> None:
        """The issue is closed: both tickets are resolved; one comes back; the engineers hear of it; fixed; closed."""
        say, find = self._narrator.tell, self._narrator.find
        self._narrator.chapter(6, "Closed in Jira: both tickets are resolved; one is reopened, fixed, and closed")
        await self._doors.moves_in_jira(self._issue, "Done")
        say("ada (engineer)", f"closed {self._issue}", self._places.jira(self._issue))
        for ticket_id, address, mails in ((PAYMENTS, _JO, 2), (SECOND, _NIA, 1)):
            await self._wait_for_ticket(
                f"{ticket_id} is resolved", ticket_id, lambda view: view["status"] == "resolved"
            )
            mail = await self._mail(address, mails)
            say("Tierline", f"resolved {ticket_id} and told its customer", self._places.mail(mail))
        await self._doors.customer_writes(PAYMENTS, "Still refused in the second shop.", key="jo-not-fixed")
        say("Jo (customer)", "says that it is not fixed")
        await self._wait_for_ticket("reopened", PAYMENTS, lambda view: view["status"] == "open")
        heard = await self._narrator.wait_for("the engineers hear of it in the issue", self._reopening_in_jira)
        find("the engineers hear of it in the issue", heard["text"][:70], matched=True)
        say("Tierline", f"reopened {PAYMENTS} and commented on {self._issue}", self._places.jira(self._issue))
        await self._doors.moves_in_jira(self._issue, "In Progress")
        await self._wait_for_ticket("ada has it again", PAYMENTS, lambda view: view["owner"] is not None)
        await self._doors.moves_in_jira(self._issue, "Done")
        say("ada (engineer)", "fixed the second shop as well")
        await self._fix_and_release()
        for ticket_id in (PAYMENTS, SECOND, STOREFRONT):
            closed = await self._wait_for_ticket(
                f"{ticket_id} is closed", ticket_id, lambda view: view["status"] == "closed"
            )
            quiet = datetime.fromisoformat(closed["closed_at"]) - datetime.fromisoformat(closed["resolved_at"])
            say("Tierline", f"closed {ticket_id} after {quiet.total_seconds():.0f} s of quiet")
            find(
                f"{ticket_id} is closed after the quiet time",
                f"{quiet.total_seconds():.3f} s",
                matched=quiet == self._policy.quiet_time,
            )
            wall = (
                datetime.fromisoformat(closed["closed_at"]) - datetime.fromisoformat(closed["opened_at"])
            ).total_seconds()
            spent = sum(closed["spent_s"].values())
            find(
                f"every second of {ticket_id} has an owner",
                f"{spent:.3f} of {wall:.3f} s",
                matched=abs(spent - wall) < 0.001,
            )
        await self._count_once()

    async def _fix_and_release(self) -> None:
        """Fixed is not resolved: the customer is told when the release is out that carries the fix."""
        say, find = self._narrator.tell, self._narrator.find
        number = (await self._doors.github_issues())[0]["number"]
        await self._doors.plans_in_github(_REPOSITORY, number, _RELEASE)
        await self._doors.closes_in_github(_REPOSITORY, number, "Fixed: the basket is merged on login.")
        say(
            "ada (engineer)",
            f"closed {_REPOSITORY}#{number}, which will be in {_RELEASE}",
            self._places.github(number),
        )
        await self._wait_for_line(STOREFRONT, f"waits for release {_RELEASE}")
        told = await self._doors.mails_to(_MAX)
        find(f"{STOREFRONT} waits for the release, and its customer is not told yet", len(told), matched=not told)
        await self._doors.releases_in_github(_REPOSITORY, _RELEASE)
        say("ada (engineer)", f"published the release {_RELEASE}")
        mail = await self._mail(_MAX, 1)
        say("Tierline", f"resolved {STOREFRONT} and told its customer", self._places.mail(mail))

    async def _count_once(self) -> None:
        """Everything outside happened once."""
        find = self._narrator.find
        for ticket_id in (PAYMENTS, STOREFRONT, SECOND):
            cards = await self._doors.cards(ticket_id)
            find(f"one card for {ticket_id}", len(cards), matched=len(cards) == 1)
        for system, operation, wanted in (
            ("jira", "issue.create", 1),
            ("github", "issue.create", 1),
            ("pagerduty", "incident.create", 2),
        ):
            seen = await self._doors.ledger(system, operation)
            find(f"{system}: {operation} {wanted} time(s)", len(seen), matched=len(seen) == wanted)
        for address, wanted in ((_JO, 3), (_NIA, 1), (_MAX, 1), (_VENDOR, 1)):
            mails = await self._doors.mails_to(address)
            find(f"{wanted} mail(s) to {address}", len(mails), matched=len(mails) == wanted)

    # --- 7 --------------------------------------------------------------------------------------------------------

    async def read_the_digest(self) -> None:
        """A Temporal Schedule posts the joint-retro digest."""
        say, find = self._narrator.tell, self._narrator.find
        self._narrator.chapter(7, "The joint-retro digest, by a Temporal Schedule")
        resolved = (await self._doors.ticket(PAYMENTS))["closed_at"]

        async def look() -> Json | None:
            digests = [
                m
                for m in await self._doors.messages(front_doors.LEADS_CHANNEL)
                if "retro-digest" in str(m.get("metadata"))
            ]
            late = [m for m in digests if float(m["ts"]) > datetime.fromisoformat(resolved).timestamp()]
            return late[0] if late else None

        digest = await self._narrator.wait_for("a digest", look, patience_s=90)
        say("Tierline", "posted the digest", self._places.slack(digest))
        text = digest["text"] + str(digest["blocks"])
        for wanted in ("3 opened, 3 resolved, 0 open", self._issue, "Ada"):
            find(f"the digest says {wanted!r}", "it does" if wanted in text else "it does not", matched=wanted in text)

    # --- steps that come again ------------------------------------------------------------------------------------

    async def _open(self, ticket_id: str, title: str, name: str, email: str, *, product: str, text: str) -> None:
        customer = {"id": email.split("@")[0], "name": name, "email": email, "plan": "gold"}
        await self._doors.open_ticket(
            {
                "ticket_id": ticket_id,
                "title": title,
                "description": text,
                "customer": customer,
                "priority": "P2",
                "product": product,
                "channel": "e-mail",
            }
        )

    async def _type(self, who: str, user: str, text: str) -> None:
        answer = await self._doors.types(user, text)
        self._narrator.tell(who, f"typed /tier {text}")
        if answer.get("status") != 200:
            self._narrator.find(f"/tier {text}", answer, matched=False)

    async def _card(self, ticket_id: str) -> Json:
        async def look() -> Json | None:
            cards = await self._doors.cards(ticket_id)
            return cards[0] if cards else None

        return await self._narrator.wait_for(f"a card for {ticket_id}", look)

    async def _wait_for_card(self, ticket_id: str, text: str) -> Json:
        async def look() -> Json | None:
            cards = await self._doors.cards(ticket_id)
            return cards[0] if cards and text in str(cards[0]["blocks"]) else None

        return await self._narrator.wait_for(f"{text!r} on the card of {ticket_id}", look)

    async def _wait_for_ticket(self, what: str, ticket_id: str, holds: Callable[[Json], bool]) -> Json:
        async def look() -> Json | None:
            view = await self._doors.ticket(ticket_id)
            return view if holds(view) else None

        return await self._narrator.wait_for(f"{ticket_id}: {what}", look)

    async def _wait_for_line(self, ticket_id: str, text: str) -> str:
        async def look() -> str | None:
            view = await self._doors.ticket(ticket_id)
            return next((entry["text"] for entry in view["timeline"] if text in entry["text"]), None)

        return await self._narrator.wait_for(f"{text!r} in the timeline of {ticket_id}", look)

    async def _in_thread(self, ticket_id: str, text: str) -> Json | None:
        cards = await self._doors.cards(ticket_id)
        replies: list[Json] = cards[0].get("replies", []) if cards else []
        return next((reply for reply in replies if text in reply["text"]), None)

    async def _mail(self, address: str, number: int) -> Json:
        async def look() -> Json | None:
            mails = await self._doors.mails_to(address)
            return mails[number - 1] if len(mails) >= number else None

        return await self._narrator.wait_for(f"mail {number} to {address}", look)

    async def _first_jira_issue(self) -> Json | None:
        issues = await self._doors.jira_issues()
        return issues[0] if issues else None

    async def _first_github_issue(self) -> Json | None:
        issues = await self._doors.github_issues()
        return issues[0] if issues else None

    async def _both_tickets_in_jira(self) -> Json | None:
        issue = await self._first_jira_issue()
        return issue if issue is not None and len(issue["links"]) >= 2 else None

    async def _summary_in_jira(self) -> list[str] | None:
        issue = await self._first_jira_issue()
        texts = [str(comment["text"]) for comment in (issue["comments"] if issue is not None else [])]
        summaries = [text for text in texts if text.startswith("Support: ")]
        return summaries if summaries and summaries[-1].startswith("Support: 2 tickets") else None

    async def _reopening_in_jira(self) -> Json | None:
        issue = await self._first_jira_issue()
        comments: list[Json] = issue["comments"] if issue is not None else []
        return next((comment for comment in comments if f"{PAYMENTS} is open again" in comment["text"]), None)


def _first_line(text: str) -> str:
    return text.splitlines()[0]


def _clock(view: Json, kind: str, index: int = -1) -> Json:
    clocks: list[Json] = [clock for clock in view["clocks"] if clock["kind"] == kind]
    return clocks[index]


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text):%H:%M:%S}"


def _same(text: str | None, at: datetime) -> bool:
    return text is not None and datetime.fromisoformat(text) == at
