"""A recording of the outside: the integrations' protocols in memory, with outages on order.

The activities that run against it are the product's own.
"""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from domain.card import Card
from domain.chat import ChannelRef, FileLink, MessageRef, NoticeChoice
from domain.digest import Digest
from domain.frozen import Frozen
from domain.issues import (
    ChangedIssue,
    ChangeFeed,
    IssueAttachment,
    IssueCandidate,
    IssueCategory,
    IssueComment,
    IssueDraft,
    IssueFieldChanges,
    IssueRef,
    IssueSnapshot,
    Tracker,
    Visibility,
)
from domain.paging import OnCall, OnCallGap, PageDraft, PageRef, PageSnapshot, PageStatus, Urgency
from integrations.chat_room import ChatUser
from integrations.checks import Check
from integrations.clients import Clients
from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited
from integrations.issue_tracker import AttachedFile, RouteNeeds, Say, unsaid
from integrations.mailer import Mail
from integrations.pager import PagerNeeds, WebhookSubscription

_A_CALL_MAY_WAIT_S = 20.0


class Call(Frozen):
    """One call that reached the outside: ``done`` is False for one that failed before it did anything."""

    system: str
    operation: str
    key: str
    done: bool


class System:
    """One outside system: its calls, and the trouble that it makes."""

    def __init__(self, name: str, calls: list[Call]) -> None:
        self._name = name
        self._calls = calls
        self._trouble: list[tuple[str | None, IntegrationError, int | None]] = []
        self._open = threading.Event()
        self._open.set()
        self.waiting = 0

    def fails(self, *, operation: str | None = None, times: int | None = None) -> None:
        """Each call (of that operation) fails for a passing reason, that many times, or until ``works``."""
        self._trouble.append((operation, PassingFailure(self._name, "500 Server Error"), times))

    def refuses(self, words: str, *, operation: str | None = None, code: str | None = None, status: int = 400) -> None:
        """Each call (of that operation) is refused for good."""
        self._trouble.append((operation, PermanentFailure(self._name, words, status=status, code=code), None))

    def limits(self, retry_after: timedelta, *, times: int = 1) -> None:
        """Calls are asked to come back later."""
        self._trouble.append((None, RateLimited(self._name, "too many calls", retry_after=retry_after), times))

    def works(self) -> None:
        """The trouble is over."""
        self._trouble.clear()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Calls that come meanwhile wait, having done their work, until the end of the block."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def take(self, operation: str, key: str) -> None:
        """A call comes in: it is recorded, or fails."""
        for index, (wanted, error, times) in enumerate(self._trouble):
            if wanted is None or wanted == operation:
                if times is not None:
                    self._trouble[index] = (wanted, error, times - 1)
                    if times <= 1:
                        del self._trouble[index]
                self._calls.append(Call(system=self._name, operation=operation, key=key, done=False))
                raise error
        self._calls.append(Call(system=self._name, operation=operation, key=key, done=True))

    def answer(self) -> None:
        """The work is done; the answer may be held up."""
        self.waiting += 1
        try:
            if not self._open.wait(_A_CALL_MAY_WAIT_S):
                raise PassingFailure(self._name, "the line was cut")
        finally:
            self.waiting -= 1


class RecordedChat:
    """Slack. ``cards`` is what each card shows now; ``messages`` all that was posted, in order."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.cards: dict[str, Card] = {}
        self.drawn: list[Card] = []
        self.messages: list[tuple[str, str]] = []
        self.digests: list[Digest] = []
        self.channels: dict[str, ChannelRef] = {}
        self.people: dict[str, list[str]] = {}
        self.topics: dict[str, list[Card]] = {}
        self.archived: list[str] = []
        self.files: dict[str, bytes] = {}
        self.choices: list[tuple[str, NoticeChoice]] = []
        self._by_key: dict[str, MessageRef] = {}

    def post_card(self, channel: str, card: Card, *, key: str, recheck: bool) -> MessageRef:
        ref = self._posted("post_card", channel, key, recheck, card.ticket_id)
        self.cards[card.ticket_id] = card
        self.drawn.append(card)
        self.system.answer()
        return ref

    def update_card(self, ref: MessageRef, card: Card) -> None:
        self.system.take("update_card", card.ticket_id)
        self.cards[card.ticket_id] = card
        self.drawn.append(card)
        self.system.answer()

    def post_line(
        self, card: MessageRef, text: str, *, key: str, recheck: bool, choices: Sequence[NoticeChoice] = ()
    ) -> MessageRef:
        self.choices += [(text, choice) for choice in choices]
        ref = self._posted("post_line", card.channel, key, recheck, text)
        self.system.answer()
        return ref

    def post_notice(
        self,
        channel: str,
        text: str,
        *,
        mention: str | None,
        card: MessageRef | None,
        key: str,
        recheck: bool,
        choices: Sequence[NoticeChoice] = (),
    ) -> MessageRef:
        ref = self._posted("post_notice", channel, key, recheck, text)
        self.choices += [(text, choice) for choice in choices]
        self.system.answer()
        return ref

    def post_digest(self, channel: str, digest: Digest, *, key: str, recheck: bool) -> MessageRef:
        ref = self._posted("post_digest", channel, key, recheck, "digest")
        self.digests.append(digest)
        return ref

    def open_severity_channel(
        self, name: str, card: Card, *, private: bool, invite: Sequence[str], key: str, recheck: bool
    ) -> ChannelRef:
        self.system.take("open_severity_channel", key)
        channel = self.channels.setdefault(name, ChannelRef(id=f"C0{name.upper()}", name=name))
        self._invite(channel, invite)
        self.topics.setdefault(channel.id, []).append(card)
        self.system.answer()
        return channel

    def dress_severity_channel(self, channel: ChannelRef, card: Card, *, invite: Sequence[str] = ()) -> None:
        self.system.take("dress_severity_channel", channel.id)
        self._invite(channel, invite)
        self.topics[channel.id].append(card)
        self.system.answer()

    def tell_severity_channel(self, channel: ChannelRef, text: str, *, key: str, recheck: bool) -> MessageRef:
        return self._posted("tell_severity_channel", channel.id, key, recheck, text)

    def close_severity_channel(
        self, channel: ChannelRef, summary: str, *, card: MessageRef | None, key: str, recheck: bool
    ) -> None:
        self._posted("close_severity_channel", channel.id, key, recheck, summary)
        self.archived.append(channel.id)

    def _invite(self, channel: ChannelRef, people: Sequence[str]) -> None:
        there = self.people.setdefault(channel.id, [])
        there += [person for person in people if person not in there]

    def download(self, file: FileLink, *, most_bytes: int) -> AttachedFile:
        self.system.take("download", file.url)
        self.system.answer()
        return AttachedFile(name=file.name, content_type="text/plain", content=self.files[file.url])

    def user(self, user_id: str) -> ChatUser:
        return ChatUser(id=user_id, name=user_id)

    def check(
        self, channels: Sequence[str], groups: Sequence[str] = (), *, private_channels: bool = False
    ) -> list[Check]:
        return []

    def texts(self, channel: str | None = None) -> list[str]:
        """What stands in a channel, or everywhere, in order; cards by their ticket's id."""
        return [text for where, text in self.messages if channel is None or where == channel]

    def _posted(self, operation: str, channel: str, key: str, recheck: bool, text: str) -> MessageRef:
        self.system.take(operation, key)
        if recheck and key in self._by_key:
            return self._by_key[key]
        self.messages.append((channel, text))
        self._by_key[key] = MessageRef(channel=channel, ts=f"{len(self.messages)}.000100")
        return self._by_key[key]


_CATEGORIES = {
    "To Do": IssueCategory.TO_DO,
    "In Progress": IssueCategory.IN_PROGRESS,
    "Done": IssueCategory.DONE,
}


class RecordedTracker:
    """Jira or GitHub. ``issues`` is the truth, by the lasting id.

    ``summaries`` is each issue's living summary, by the issue's id; ``changes`` what was set, in order; ``alike`` the candidates that it
    lists; ``visibilities`` who may read each comment of ours, by its key; ``files`` what lies behind an attachment's id, and ``releases``
    the projects that its feed names; ``drafts`` what was opened.
    """

    def __init__(self, tracker: Tracker, system: System) -> None:
        self.system = system
        self.issues: dict[str, IssueSnapshot] = {}
        self.written: list[tuple[str, str]] = []
        self.links: dict[str, str] = {}
        self.drafts: list[IssueDraft] = []
        self.summaries: dict[str, str] = {}
        self.changes: list[tuple[str, IssueFieldChanges]] = []
        self.alike: list[IssueCandidate] = []
        self.leaves_out: list[str] = []
        self.visibilities: dict[str, Visibility] = {}
        self.files: dict[str, AttachedFile] = {}
        self.releases: list[str] = []
        self._tracker = tracker
        self._opened: dict[str, IssueRef] = {}
        self._comments: dict[str, str] = {}
        self._attached: dict[str, str] = {}

    def open_issue(self, draft: IssueDraft, *, recheck: bool, say: Say = unsaid) -> IssueRef:
        self.system.take("open_issue", draft.key)
        if recheck and draft.key in self._opened:
            return self._opened[draft.key]
        ref = self.has(draft.title).ref
        for sentence in self.leaves_out:
            say(f"{sentence} (opening)")
        self.drafts.append(draft)
        self._opened[draft.key] = ref
        self.system.answer()
        return ref

    def fetch(self, ref: IssueRef, *, comments_since: datetime | None) -> IssueSnapshot:
        self.system.take("fetch", ref.key)
        found = self._found(ref.id)
        self.system.answer()
        return found

    def find(self, reference: str) -> IssueSnapshot:
        self.system.take("find", reference)
        for issue in self.issues.values():
            if issue.ref.key == reference:
                return issue
        raise PermanentFailure(self._tracker.value, f"there is no {reference}", status=404)

    def similar(
        self, project: str, title: str, components: Sequence[str], *, closed_since: datetime, say: Say = unsaid
    ) -> list[IssueCandidate]:
        self.system.take("similar", project)
        for sentence in self.leaves_out:
            say(f"{sentence} (searching)")
        self.system.answer()
        return list(self.alike)

    def comment(
        self, ref: IssueRef, text: str, *, key: str, recheck: bool, visibility: Visibility = Visibility.INTERNAL
    ) -> str:
        self.system.take("comment", key)
        if not (recheck and key in self._comments):
            self.written.append((ref.key, text))
            self._comments[key] = f"ours-{len(self.written)}"
            self.visibilities[key] = visibility
            self.person_writes(
                ref.id, text, author="Tierline", comment=self._comments[key], ours=True, visibility=visibility
            )
        self.system.answer()
        return self._comments[key]

    def show_summary(self, ref: IssueRef, text: str, *, comment_id: str | None, key: str, recheck: bool) -> str:
        self.system.take("show_summary", key)
        self._found(ref.id)
        self.summaries[ref.id] = text
        self.system.answer()
        return f"summary-{ref.id}"

    def change(self, ref: IssueRef, changes: IssueFieldChanges) -> None:
        self.system.take("change", ref.key)
        issue = self._found(ref.id)
        self.changes.append((ref.key, changes))
        kept = [label for label in issue.labels if label not in changes.remove_labels]
        wanted = {
            "priority": changes.priority or issue.priority,
            "labels": tuple(dict.fromkeys([*kept, *changes.add_labels])),
            "status": changes.status or issue.status,
            "category": _CATEGORIES.get(changes.status or "", issue.category),
        }
        if any(getattr(issue, name) != value for name, value in wanted.items()):
            self._change(ref.id, **wanted)
        self.system.answer()

    def changed_since(self, projects: Sequence[str], since: datetime, cursors: dict[str, str]) -> ChangeFeed:
        self.system.take("changed_since", ",".join(projects))
        until = datetime.now(UTC)
        changed = sorted(
            (issue for issue in self.issues.values() if issue.updated_at >= since), key=lambda issue: issue.updated_at
        )
        self.system.answer()
        return ChangeFeed(
            issues=tuple(ChangedIssue(id=i.ref.id, key=i.ref.key, updated_at=i.updated_at) for i in changed),
            until=until,
            cursors=dict(cursors),
            requests=1,
            releases=tuple(self.releases),
        )

    def attach(self, ref: IssueRef, file: AttachedFile, *, key: str, recheck: bool) -> str | None:
        self.system.take("attach", key)
        if self._tracker is Tracker.GITHUB:
            return None
        if not (recheck and key in self._attached):
            self._attached[key] = f"file-{len(self._attached) + 1}"
            self.person_attaches(ref.id, file, author="Tierline", attachment=self._attached[key], ours=True)
        self.system.answer()
        return self._attached[key]

    def download(self, attachment: IssueAttachment, *, most_bytes: int) -> AttachedFile:
        self.system.take("download", attachment.id)
        file = self.files.get(attachment.id)
        if file is None or len(file.content) > most_bytes:
            raise PermanentFailure(self._tracker.value, f"{attachment.name} is not there, or too long")
        self.system.answer()
        return file

    def link_back(self, ref: IssueRef, *, global_id: str, url: str, title: str) -> None:
        self.system.take("link_back", global_id)
        self.links[global_id] = url

    def check(self, projects: Sequence[str], needs: Sequence[RouteNeeds] = ()) -> list[Check]:
        return []

    # --- what people do there --------------------------------------------------------------------------------------

    def has(self, title: str) -> IssueSnapshot:
        """There is an issue with this title."""
        number = len(self.issues) + 1
        jira = self._tracker is Tracker.JIRA
        key = f"PAY-{number}" if jira else f"acme/storefront#{number}"
        ref = IssueRef(
            tracker=self._tracker,
            id=f"100{number}" if jira else f"I_{number}",
            key=key,
            url=f"https://{self._tracker.value}.example/{key}",
        )
        issue = IssueSnapshot(
            ref=ref,
            title=title,
            status="To Do",
            category=IssueCategory.TO_DO,
            updated_at=datetime.now(UTC),
            project="PAY" if jira else "acme/storefront",
            priority="Medium" if jira else None,
        )
        self.issues[ref.id] = issue
        return issue

    def moves(self, issue: str, category: IssueCategory, assignee: str | None = None) -> None:
        """Somebody moves an issue."""
        status = {IssueCategory.TO_DO: "To Do", IssueCategory.IN_PROGRESS: "In Progress", IssueCategory.DONE: "Done"}
        self._change(issue, status=status[category], category=category, assignee=assignee)

    def person_writes(
        self,
        issue: str,
        text: str,
        *,
        author: str = "Ada",
        comment: str | None = None,
        ours: bool = False,
        visibility: Visibility = Visibility.INTERNAL,
    ) -> None:
        """Somebody comments on an issue."""
        before = self._found(issue).comments
        written = IssueComment(
            id=comment or f"c{len(before) + 1}",
            author=author,
            text=text,
            created_at=datetime.now(UTC),
            ours=ours,
            visibility=visibility,
        )
        self._change(issue, comments=(*before, written))

    def person_edits(self, issue: str, comment: str, text: str) -> None:
        """Somebody edits a comment."""
        now = datetime.now(UTC)
        edited = [
            each.model_copy(update={"text": text, "edited_at": now}) if each.id == comment else each
            for each in self._found(issue).comments
        ]
        self._change(issue, comments=tuple(edited))

    def person_attaches(
        self, issue: str, file: AttachedFile, *, author: str = "Ada", attachment: str | None = None, ours: bool = False
    ) -> IssueAttachment:
        """Somebody puts a file on an issue."""
        before = self._found(issue).attachments
        id_ = attachment or f"f{len(before) + 1}"
        put = IssueAttachment(
            id=id_,
            name=file.name,
            url=f"https://{self._tracker.value}.example/files/{id_}",
            size_bytes=len(file.content),
            content_type=file.content_type,
            author=author,
            created_at=datetime.now(UTC),
            ours=ours,
        )
        self.files[id_] = file
        self._change(issue, attachments=(*before, put))
        return put

    def person_sets(self, issue: str, **fields: object) -> None:
        """Somebody changes fields of an issue, by the names of ``IssueSnapshot``."""
        self._change(issue, **fields)

    def loses(self, issue: str) -> None:
        """Somebody deletes an issue."""
        del self.issues[issue]

    def _change(self, issue: str, **changes: object) -> None:
        self.issues[issue] = self._found(issue).model_copy(update={**changes, "updated_at": datetime.now(UTC)})

    def _found(self, issue: str) -> IssueSnapshot:
        if issue not in self.issues:
            raise PermanentFailure(self._tracker.value, "the issue does not exist", status=404)
        return self.issues[issue]


class RecordedPager:
    """PagerDuty. ``pages`` is each page's state by its key; ``snapshots`` what polling finds, ``webhooks`` its subscriptions and
    ``nobody_on_call`` the holes in its schedules.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.pages: dict[str, PageStatus] = {}
        self.raised: list[PageDraft] = []
        self.updates: list[tuple[str, str | None, Urgency | None]] = []
        self.notes: list[tuple[str, str]] = []
        self.snapshots: list[PageSnapshot] = []
        self.webhooks: list[WebhookSubscription] = []
        self.nobody_on_call: list[OnCallGap] = []
        self._note_keys: set[str] = set()

    def raise_page(self, draft: PageDraft) -> PageRef:
        self.system.take("raise_page", draft.key)
        if draft.key not in self.pages:
            self.raised.append(draft)
            self.pages[draft.key] = PageStatus.TRIGGERED
        self.system.answer()
        number = list(self.pages).index(draft.key) + 1
        return PageRef(key=draft.key, id=f"QINC{number}", url=f"https://pager.example/incidents/QINC{number}")

    def fetch(self, page_id: str) -> PageSnapshot:
        raise PermanentFailure("pagerduty", "nobody fetches pages yet", status=404)

    def resolve(self, *, page_key: str, page_id: str | None) -> None:
        self.system.take("resolve", page_key)
        self.pages[page_key] = PageStatus.RESOLVED

    def update(self, page_id: str, *, priority: str | None, urgency: Urgency | None) -> None:
        self.system.take("update", page_id)
        self.updates.append((page_id, priority, urgency))
        self.system.answer()

    def note(self, page_id: str, text: str, *, key: str, recheck: bool) -> None:
        self.system.take("note", key)
        if not (recheck and key in self._note_keys):
            self.notes.append((page_id, text))
            self._note_keys.add(key)
        self.system.answer()

    def on_call(self, escalation_policy: str | None, *, service: str | None = None) -> list[OnCall]:
        return [OnCall(level=1, name="Ada"), OnCall(level=2, name="Lena")]

    def gaps(self, escalation_policies: Sequence[str], start: datetime, end: datetime) -> list[OnCallGap]:
        self.system.take("gaps", ",".join(escalation_policies))
        return [gap for gap in self.nobody_on_call if gap.start < end and start < gap.end]

    def changed_since(self, since: datetime, services: Sequence[str]) -> list[PageSnapshot]:
        self.system.take("changed_since", ",".join(services))
        return [
            page
            for page in self.snapshots
            if page.status is not PageStatus.RESOLVED or page.status_since is None or page.status_since >= since
        ]

    def policy_of(self, service: str) -> str:
        self.system.take("policy_of", service)
        return "PEPENG"

    def subscriptions(self) -> list[WebhookSubscription]:
        self.system.take("subscriptions", "")
        return list(self.webhooks)

    def enable(self, subscription_id: str) -> None:
        self.system.take("enable", subscription_id)
        self.webhooks = [
            each.model_copy(update={"enabled": True}) if each.id == subscription_id else each for each in self.webhooks
        ]

    def check(self, needs: PagerNeeds) -> list[Check]:
        return []


class RecordedMail:
    """A mail server. ``sent`` is each message that it took."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.sent: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        self.system.take("send", mail.message_id)
        self.sent.append(mail)
        await asyncio.to_thread(self.system.answer)

    async def check(self) -> list[Check]:
        return []


class Outside:
    """All of it. ``calls`` is every call in the order of its arrival."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.chat = RecordedChat(System("slack", self.calls))
        self.jira = RecordedTracker(Tracker.JIRA, System("jira", self.calls))
        self.github = RecordedTracker(Tracker.GITHUB, System("github", self.calls))
        self.pager = RecordedPager(System("pagerduty", self.calls))
        self.mail = RecordedMail(System("mail", self.calls))

    @property
    def clients(self) -> Clients:
        """It, as what the worker is composed of."""
        return Clients(chat=self.chat, jira=self.jira, github=self.github, pager=self.pager, mailer=self.mail)

    def done(self, operation: str) -> list[str]:
        """The keys of the calls of an operation that did something, in order."""
        return [call.key for call in self.calls if call.operation == operation and call.done]

    def tried(self, operation: str) -> int:
        """How often an operation was called."""
        return sum(call.operation == operation for call in self.calls)
