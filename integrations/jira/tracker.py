"""Jira behind the issue tracker's Protocol."""

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from jira import JIRAError

from domain.addresses import parts_of
from domain.issues import (
    ChangedIssue,
    ChangeFeed,
    IssueAttachment,
    IssueCandidate,
    IssueComment,
    IssueDraft,
    IssueFieldChanges,
    IssueRef,
    IssueSnapshot,
    Visibility,
)
from integrations.base_url import checked_base_url
from integrations.checks import Check
from integrations.errors import PermanentFailure
from integrations.issue_tracker import AttachedFile, RouteNeeds, Say, unsaid
from integrations.jira import queries
from integrations.jira.account import Account
from integrations.jira.downloads import Downloads
from integrations.jira.failures import SYSTEM, is_gone, jira_failures, path_part, refusal
from integrations.jira.file_names import marked_name
from integrations.jira.flavours import CloudV3, Flavour
from integrations.jira.labels import LABEL, label, marker_label
from integrations.jira.optional_fields import created, edited
from integrations.jira.project_check import SiteCheck, field_of
from integrations.jira.rest_client import Json, RestClient
from integrations.jira.snapshots import (
    CANDIDATE_FIELDS,
    FIELDS,
    Reader,
    comment_properties,
    is_service_desk,
    marker_of,
)

DEFAULT_ISSUE_TYPE = "Bug"

_log = logging.getLogger(__name__)

_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,30}-\d{1,10}")
_SUMMARY_LIMIT = 255
_COMMENT_PAGE = 100
_COMMENT_PAGES = 20
_CANDIDATES = 50
# A reading of the feed takes no more; it is then whole up to the last one.
_FEED = 5_000
_SEARCHED = 100_000
# The search's index is behind the truth by seconds to minutes; so the feed counts as whole up to this long ago only.
_INDEX_LAG = timedelta(minutes=2)
# Where the search does not find the marker: how many of the project's newest issues are looked through, how many keys
# beyond the newest are read, and how many missing ones in a row (deleted or moved issues) are taken for the end.
_NEWEST = 50
_BEYOND = 50
_GAP = 3


class JiraTracker:
    """``IssueTracker`` on Jira Cloud or Data Center. Building it calls nobody.

    Args:
        url: the site, ``https://acme.atlassian.net``.
        account: whom we act as.
        flavour: the kind of Jira; Cloud's REST API v3 if not given.
    """

    def __init__(self, url: str, account: Account, flavour: Flavour | None = None) -> None:
        self._url = checked_base_url(SYSTEM, url)
        self._flavour = flavour or CloudV3()
        self._client = RestClient(
            self._url, account, api_version=self._flavour.api_version, deployment=self._flavour.deployment
        )
        self._reader = Reader(self._url, self._flavour, self._is_me)
        self._downloads = Downloads(self._url, self._client)

    def open_issue(self, draft: IssueDraft, *, recheck: bool, say: Say = unsaid) -> IssueRef:
        """Open the issue once: with ``recheck`` look for the draft's marker label first. Watchers are added then, as far as Jira
        lets them: the issue is not lost for one who left, nor for a field that Jira refuses and it can do without.
        """
        marker = marker_label(draft.key)
        ref = self._marked(draft.project, marker) if recheck else None
        with jira_failures():
            if ref is None:
                fields = self._drafted(draft, marker, say)
                ref = self._reader.ref(created(self._client, draft, fields, lambda: self._fields_known(draft), say))
        for watcher in draft.watchers:
            self._watch(ref, watcher, say)
        return ref

    def fetch(self, ref: IssueRef, *, comments_since: datetime | None) -> IssueSnapshot:
        """Read the issue by its numeric id, which a move to another project does not change; comments edited since count as new."""
        with jira_failures():
            issue = self._client.read(path_part(ref.id), FIELDS, history=True)
            comments = self._comments(ref.id, comments_since, service_desk=is_service_desk(issue))
            return self._reader.snapshot(issue, tuple(reversed(list(comments))))

    def find(self, reference: str) -> IssueSnapshot:
        """Read the issue that a person named by key or address; without its comments."""
        key = key_of(reference)
        if key is None:
            raise refusal("name an issue by its key (PAY-12) or its address in the browser")
        with jira_failures():
            return self._reader.snapshot(self._client.read(key, FIELDS), ())

    def similar(
        self, project: str, title: str, components: Sequence[str], *, closed_since: datetime, say: Say = unsaid
    ) -> list[IssueCandidate]:
        """The project's issues that share a long word or a component, open or closed since then, lately changed first; 50 at most.

        Jira refuses a whole search for one component that the project does not have; then the words alone are looked for.
        """
        with jira_failures():
            try:
                return self._alike(project, title, components, closed_since)
            except JIRAError as error:
                if error.status_code != 400 or not components:
                    raise
            found = self._alike(project, title, (), closed_since)
        say(f"{project} could not be searched by component ({', '.join(components)}), only by the title's words")
        return found

    def _alike(
        self, project: str, title: str, components: Sequence[str], closed_since: datetime
    ) -> list[IssueCandidate]:
        query = queries.alike(project, title, components, closed_since, datetime.now(UTC))
        if query is None:
            return []
        pages = self._flavour.pages(self._client, query, CANDIDATE_FIELDS, _CANDIDATES)
        return [self._reader.candidate(issue) for page in pages for issue in page][:_CANDIDATES]

    def comment(
        self, ref: IssueRef, text: str, *, key: str, recheck: bool, visibility: Visibility = Visibility.INTERNAL
    ) -> str:
        """Write a comment once, marked with an entity property, and return its id."""
        with jira_failures():
            found = self._marked_comment(ref.id, key) if recheck else None
            return found or self._written(ref, text, key, visibility)

    def show_summary(self, ref: IssueRef, text: str, *, comment_id: str | None, key: str, recheck: bool) -> str:
        """Write the summary as an internal comment, or edit it in its place."""
        with jira_failures():
            if comment_id is not None and self._rewritten(ref, comment_id, text, key):
                return comment_id
            found = self._marked_comment(ref.id, key) if recheck or comment_id is not None else None
            if found is not None and found != comment_id and self._rewritten(ref, found, text, key):
                return found
            return self._written(ref, text, key, Visibility.INTERNAL)

    def change(self, ref: IssueRef, changes: IssueFieldChanges) -> None:
        """Set priority and labels in one edit, then the status by a transition that leads there or is called so.

        Where Jira refuses the priority or the labels, the rest is done before that is raised.
        """
        steps = [{"add": label(name)} for name in changes.add_labels]
        steps += [{"remove": label(name)} for name in changes.remove_labels]
        edit: Json = {}
        if changes.priority is not None:
            edit["fields"] = {"priority": {"name": changes.priority}}
        if steps:
            edit["update"] = {"labels": steps}
        with jira_failures():
            refused = edited(self._client, path_part(ref.id), edit) if edit else None
            if changes.status is not None:
                self._move(path_part(ref.id), changes.status)
            if refused is not None:
                raise refused

    def changed_since(self, projects: Sequence[str], since: datetime, cursors: dict[str, str]) -> ChangeFeed:
        """Search for what was changed, and read each project for its released versions; a project that is gone is left out.

        ``cursors`` holds a digest of each project's released versions. One request for each project, and one for each hundred issues.
        """
        now = datetime.now(UTC)
        kept: dict[str, str] = {}
        releases: list[str] = []
        for project in projects:
            with jira_failures():
                versions = self._released_versions(path_part(project))
            if versions is None:
                continue
            kept[project] = _digest(versions)
            earlier = cursors.get(project)
            lately = any(str(version.get("releaseDate") or "") >= f"{since:%Y-%m-%d}" for version in versions)
            if lately if earlier is None else earlier != kept[project]:
                releases.append(project)
        issues, requests, whole = self._changed(list(kept), since, now)
        until = now - _INDEX_LAG if whole else issues[-1].updated_at
        return ChangeFeed(
            issues=tuple(issues),
            until=max(since, until),
            cursors=kept,
            requests=requests + len(projects),
            releases=tuple(releases),
        )

    def attach(self, ref: IssueRef, file: AttachedFile, *, key: str, recheck: bool) -> str | None:
        """Put a file on the issue under a name that carries the key's mark, so that it is there once."""
        name = marked_name(file.name, key)
        with jira_failures():
            if recheck:
                there = self._client.read(path_part(ref.id), ("attachment",))["fields"].get("attachment") or ()
                for attachment in there:
                    if attachment.get("filename") == name:
                        return str(attachment["id"])
            return str(self._client.attached(path_part(ref.id), name, file.content, file.content_type)["id"])

    def download(self, attachment: IssueAttachment, *, most_bytes: int) -> AttachedFile:
        """Read a file's bytes with our session. Never a web page, not even one that somebody attached: it may be the page to log in."""
        if attachment.size_bytes is not None and attachment.size_bytes > most_bytes:
            raise refusal(f"the attachment is longer than {most_bytes:,} bytes; open it in Jira")
        with jira_failures():
            return self._downloads.read(attachment.url, attachment.name, most_bytes=most_bytes)

    def link_back(self, ref: IssueRef, *, global_id: str, url: str, title: str) -> None:
        """Show the ticket on the issue, as a remote link."""
        with jira_failures():
            self._client.link_remote(
                path_part(ref.id), global_id=global_id[:255], url=url, title=title[:_SUMMARY_LIMIT]
            )

    def check(self, projects: Sequence[str], needs: Sequence[RouteNeeds] = ()) -> list[Check]:
        """Try the site, the credentials, and each project with what its routes need; see ``project_check``."""
        return SiteCheck(self._client, self._flavour).all(projects, needs, default_issue_type=DEFAULT_ISSUE_TYPE)

    def _is_me(self, person: Json) -> bool:
        return bool(person) and self._flavour.id_of(person) == self._my_id

    @cached_property
    def _my_id(self) -> str:
        with jira_failures():
            return self._flavour.id_of(self._client.got("myself"))

    def _drafted(self, draft: IssueDraft, marker: str, say: Say) -> Json:
        issue_type = draft.issue_type or DEFAULT_ISSUE_TYPE
        fields: Json = {
            "project": {"key": draft.project},
            "issuetype": {"name": issue_type},
            "summary": " ".join(draft.title.split())[:_SUMMARY_LIMIT],
            "description": self._flavour.text(draft.body),
            "labels": sorted({LABEL, marker, *(label(each) for each in draft.labels)}),
        }
        if draft.priority is not None:
            fields["priority"] = {"name": draft.priority}
        if draft.components:
            fields["components"] = [{"name": component} for component in draft.components]
        if draft.assignee is not None:
            fields["assignee"] = self._flavour.named(draft.assignee)
        if draft.fields:
            fields.update(self._custom_fields(draft, issue_type, say))
        return fields

    def _custom_fields(self, draft: IssueDraft, issue_type: str, say: Say) -> dict[str, Any]:
        """The fields by their ids: names are looked up in the create metadata, which is read only where there is a name."""
        given = draft.fields
        if all(re.fullmatch(r"customfield_\d+", name) for name in given):
            return dict(given)
        known = self._fields_known(draft)
        found: dict[str, Any] = {}
        for name, value in given.items():
            field = field_of(known, name)
            if field is None:
                say(
                    f"{issue_type} in {draft.project} has no field {name!r}, so it is not set; look at the policy's route"
                )
            else:
                found[str(field["fieldId"])] = value
        return found

    def _fields_known(self, draft: IssueDraft) -> list[Json]:
        """The fields that an issue of the draft's type has when it is created; none for a type that there is not."""
        project, wanted = path_part(draft.project), draft.issue_type or DEFAULT_ISSUE_TYPE
        kinds = self._client.issue_types_of(project)
        kind = next((each for each in kinds if str(each["name"]).casefold() == wanted.casefold()), None)
        return self._client.fields_of(project, path_part(str(kind["id"]))) if kind is not None else []

    def _watch(self, ref: IssueRef, watcher: str, say: Say) -> None:
        try:
            with jira_failures():
                self._client.watch(path_part(ref.id), watcher)
        except PermanentFailure as error:
            if error.status == 401:
                raise
            _log.warning("%s: one of the route's watchers could not be added (HTTP %s)", ref.key, error.status)
            say(f"{ref.key} has one watcher less: {watcher} could not be added; look at the policy's route")

    def _written(self, ref: IssueRef, text: str, key: str, visibility: Visibility) -> str:
        properties = comment_properties(key, visibility)
        return str(self._client.commented(path_part(ref.id), self._flavour.text(text), properties)["id"])

    def _rewritten(self, ref: IssueRef, comment: str, text: str, key: str) -> bool:
        """Edit a comment; False where it is no more. (Where the issue itself is no more, writing it anew tells.)"""
        properties = comment_properties(key, Visibility.INTERNAL)
        try:
            self._client.recommented(path_part(ref.id), path_part(comment), self._flavour.text(text), properties)
        except JIRAError as error:
            if not is_gone(error):
                raise
            return False
        return True

    def _marked_comment(self, issue_id: str, key: str) -> str | None:
        return next((str(raw["id"]) for raw in self._raw_comments(issue_id) if marker_of(raw) == key), None)

    def _move(self, issue: str, status: str) -> None:
        wanted = status.casefold()
        now = str(self._client.read(issue, ("status",))["fields"]["status"]["name"])
        if now.casefold() == wanted:
            return
        open_to_us = self._client.transitions_of(issue)
        by_target = [t for t in open_to_us if str(t["to"]["name"]).casefold() == wanted]
        by_name = [t for t in open_to_us if str(t["name"]).casefold() == wanted]
        chosen = [*by_target, *by_name]
        if not chosen:
            there = ", ".join(sorted({str(t["to"]["name"]) for t in open_to_us})) or "nowhere"
            raise refusal(
                f"no transition leads from {now} to {status}, only to {there}; look at the project's workflow"
            )
        transition = next((t for t in chosen if not _asked_for(t)), None)
        if transition is None:
            asked = ", ".join(_asked_for(chosen[0]))
            raise refusal(f"the transition to {status} asks for {asked}; move the issue by hand, or let it not ask")
        self._client.transition(issue, path_part(str(transition["id"])))

    def _released_versions(self, project: str) -> list[Json] | None:
        try:
            versions: list[Json] = self._client.got(f"project/{project}").get("versions") or []
        except JIRAError as error:
            if not is_gone(error):
                raise
            return None
        return [version for version in versions if version.get("released")]

    def _changed(self, projects: list[str], since: datetime, now: datetime) -> tuple[list[ChangedIssue], int, bool]:
        """What changed, oldest first; how many requests it took; and whether that is all."""
        found: dict[str, ChangedIssue] = {}
        requests = 0
        whole = True
        if projects:
            with jira_failures():
                query = queries.changed(projects, since, now)
                for page in self._flavour.pages(self._client, query, ("updated",), _SEARCHED):
                    requests += 1
                    for raw in page:
                        updated_at = datetime.fromisoformat(raw["fields"]["updated"])
                        # JQL knows whole minutes: what lies before is no part of the feed, nor of what it takes.
                        if updated_at >= since:
                            issue = ChangedIssue(id=str(raw["id"]), key=str(raw["key"]), updated_at=updated_at)
                            found[issue.id] = issue
                    if len(found) >= _FEED:
                        whole = False
                        break
        return sorted(found.values(), key=lambda issue: issue.updated_at), requests, whole

    def _marked(self, project: str, marker: str) -> IssueRef | None:
        """The issue with the marker label: by search, and then, since the search lags behind by seconds to minutes, among
        the project's issues that are newer than the newest one it knows, each read by its key."""
        with jira_failures():
            for issue in self._searched(queries.marked(marker), 2):
                return self._reader.ref(issue)
            known = self._searched(queries.newest(project), _NEWEST)
            for issue in (*known, *self._beyond(project, known)):
                if marker in issue.get("fields", {}).get("labels", []):
                    return self._reader.ref(issue)
        return None

    def _searched(self, query: str, most: int) -> list[Json]:
        return [issue for page in self._flavour.pages(self._client, query, ("labels",), most) for issue in page]

    def _beyond(self, project: str, known: Sequence[Json]) -> Iterator[Json]:
        """The issues after the known ones: keys are numbered in order, and a read by key does not lag."""
        newest = max((int(str(issue["key"]).rpartition("-")[2]) for issue in known), default=0)
        missing = 0
        for number in range(newest + 1, newest + 1 + _BEYOND):
            try:
                yield self._client.read(f"{path_part(project)}-{number}", ("labels",))
                missing = 0
            except JIRAError as error:
                if not is_gone(error):
                    raise
                missing += 1
                if missing == _GAP:
                    return

    def _comments(self, issue_id: str, since: datetime | None, *, service_desk: bool) -> Iterator[IssueComment]:
        """Newest first. An old comment may have been edited since, so all are looked at."""
        for raw in self._raw_comments(issue_id):
            comment = self._reader.comment(raw, service_desk=service_desk)
            if since is None or (comment.edited_at or comment.created_at) >= since:
                yield comment

    def _raw_comments(self, issue_id: str) -> Iterator[Json]:
        """Newest first."""
        start = 0
        for _ in range(_COMMENT_PAGES):
            page = self._client.comments_page(path_part(issue_id), start=start, limit=_COMMENT_PAGE)
            comments: list[Json] = page["comments"]
            yield from comments
            start += len(comments)
            if not comments or start >= page.get("total", 0):
                return


def key_of(reference: str) -> str | None:
    """The issue key in what a person wrote: the key itself, or an address with ``/browse/KEY`` or ``selectedIssue=KEY``."""
    text = reference.strip().strip("<>").split("|")[0]
    if "://" not in text:
        return text.upper() if _KEY.fullmatch(text.upper()) else None
    parts = parts_of(text)
    named = parse_qs(parts.query).get("selectedIssue", [])
    named += [part for part in reversed(parts.path.split("/")) if _KEY.fullmatch(part)]
    return next((key for key in named if _KEY.fullmatch(key)), None)


def _asked_for(transition: Json) -> list[str]:
    """The names of the fields that a transition asks for and does not fill by itself."""
    fields: dict[str, Json] = transition.get("fields") or {}
    return sorted(
        str(field.get("name") or name)
        for name, field in fields.items()
        if field.get("required") and not field.get("hasDefaultValue")
    )


def _digest(versions: Sequence[Json]) -> str:
    ids = ",".join(sorted(str(version["id"]) for version in versions))
    return hashlib.sha256(ids.encode()).hexdigest()[:16]
