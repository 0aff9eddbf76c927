"""The jira library, held to one request a call, with the parts of Jira's REST API that it lacks."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

from jira import JIRA
from requests import Response

from integrations.jira.account import Account

Json = dict[str, Any]

TIMEOUT_S = 10
_META_PAGE = 100
_META_PAGES = 20


class RestClient(JIRA):
    """Jira's REST API of either version: each method is one request (the two that page say so) and returns Jira's JSON.

    The library's own methods ask for all fields, for all application links first, or work in one kind of Jira alone.

    Args:
        url: the site's address, without a trailing slash.
        account: signs every request.
        api_version: ``3`` or ``2``.
        deployment: what the site calls itself, ``Cloud`` or ``Server``.
    """

    def __init__(self, url: str, account: Account, *, api_version: str, deployment: str) -> None:
        super().__init__(
            server=url,
            options={"rest_api_version": api_version, "check_update": False},
            # Asking for it would be a call while the client is built; what it is the settings say.
            get_server_info=False,
            max_retries=0,
            timeout=TIMEOUT_S,
            logging=False,
        )
        self._session.auth = account
        # A netrc file of the machine would overrule the account.
        self._session.trust_env = False
        self.deploymentType = deployment

    def created(self, fields: Json) -> Json:
        """Create an issue: ``{id, key, self}``."""
        return self._posted("issue", {"fields": fields})

    def read(self, issue: str, fields: Sequence[str], *, history: bool = False) -> Json:
        """An issue by id or key, with these fields; with ``history`` its changelog too."""
        expand = {"expand": "changelog"} if history else {}
        return cast(Json, self._get_json(f"issue/{issue}", params={"fields": ",".join(fields), **expand}))

    def edit(self, issue: str, body: Json) -> None:
        """Set an issue's fields, by ``fields`` and ``update``."""
        self._put(f"issue/{issue}", body)

    def transitions_of(self, issue: str) -> list[Json]:
        """The transitions that are open to us now, each with the fields that it asks for."""
        answer = cast(Json, self._get_json(f"issue/{issue}/transitions", params={"expand": "transitions.fields"}))
        return cast(list[Json], answer["transitions"])

    def transition(self, issue: str, transition_id: str) -> None:
        """Send an issue through a transition."""
        self._sent("POST", f"issue/{issue}/transitions", {"transition": {"id": transition_id}})

    def watch(self, issue: str, person: str) -> None:
        """Make somebody a watcher; who is one stays one. Jira takes a bare JSON string."""
        self._session.post(self._get_url(f"issue/{issue}/watchers"), data=json.dumps(person))

    def comments_page(self, issue: str, *, start: int, limit: int) -> Json:
        """A page of an issue's comments, newest first, with their entity properties."""
        params = {"orderBy": "-created", "expand": "properties", "startAt": start, "maxResults": limit}
        return cast(Json, self._get_json(f"issue/{issue}/comment", params=params))

    def commented(self, issue: str, body: Json | str, properties: list[Json]) -> Json:
        """Write a comment with entity properties."""
        return self._posted(f"issue/{issue}/comment", {"body": body, "properties": properties})

    def recommented(self, issue: str, comment: str, body: Json | str, properties: list[Json]) -> Json:
        """Write a comment anew, in its place."""
        return self._put(f"issue/{issue}/comment/{comment}", {"body": body, "properties": properties})

    def link_remote(self, issue: str, *, global_id: str, url: str, title: str) -> None:
        """Create the remote link with this ``globalId``, or bring it up to date."""
        linked = {"url": url, "title": title}
        application = {"type": "io.tierline", "name": "Tierline"}
        self._posted(
            f"issue/{issue}/remotelink",
            {"globalId": global_id, "application": application, "relationship": "support ticket", "object": linked},
        )

    def attached(self, issue: str, name: str, content: bytes, content_type: str) -> Json:
        """Put a file on an issue: the attachment."""
        answer = self._session.post(
            self._get_url(f"issue/{issue}/attachments"),
            files={"file": (name, content, content_type)},
            # Without the first the session's own content type would hide the form's; without the second Jira suspects a forgery.
            headers=cast(Any, {"Content-Type": None, "X-Atlassian-Token": "no-check"}),
        )
        return cast(list[Json], answer.json())[0]

    def raw(self, url: str) -> Response:
        """Read an address of the site with our account, the body not yet, redirects not followed."""
        return self._session.get(url, stream=True, allow_redirects=False, headers={"Accept": "*/*"})

    def issue_types_of(self, project: str) -> list[Json]:
        """The issue types that we may create in a project, of all pages."""
        return list(self._meta(f"issue/createmeta/{project}/issuetypes", "issueTypes"))

    def fields_of(self, project: str, issue_type_id: str) -> list[Json]:
        """The fields of an issue type when one is created, of all pages."""
        return list(self._meta(f"issue/createmeta/{project}/issuetypes/{issue_type_id}", "fields"))

    def got(self, path: str, **params: Any) -> Any:
        """Read a resource."""
        return self._get_json(path, params=params)

    def posted(self, path: str, body: Json) -> Json:
        """Send to a resource, and read its answer."""
        return self._posted(path, body)

    def _meta(self, path: str, name: str) -> Iterator[Json]:
        start = 0
        for _ in range(_META_PAGES):
            page = cast(Json, self._get_json(path, params={"startAt": start, "maxResults": _META_PAGE}))
            # Data Center names each list ``values``.
            entries: list[Json] = page.get(name) or page.get("values") or []
            yield from entries
            start += len(entries)
            if not entries or start >= int(page.get("total", 0)):
                return

    def _posted(self, path: str, body: Json) -> Json:
        return cast(Json, self._sent("POST", path, body).json())

    def _put(self, path: str, body: Json) -> Json:
        answer = self._sent("PUT", path, body)
        return cast(Json, answer.json()) if answer.content else {}

    def _sent(self, method: str, path: str, body: Json) -> Response:
        return self._session.request(method, self._get_url(path), data=json.dumps(body))
