"""The jira library, held to one request a call, with the parts of Jira Cloud's REST API v3 that it lacks."""

import json
from collections.abc import Sequence
from typing import Any, cast

from jira import JIRA
from pydantic import SecretStr

Json = dict[str, Any]

TIMEOUT_S = 10


class CloudClient(JIRA):
    """Jira Cloud v3: Atlassian Document Format, ``search/jql``, entity properties on comments, remote links as upserts.

    Its own methods are one request each and return Jira's JSON; the library's ``enhanced_search_issues`` and
    ``add_remote_link`` ask for all fields and all application links first.
    """

    def __init__(self, url: str, email: str, api_token: SecretStr) -> None:
        super().__init__(
            server=url,
            options={"rest_api_version": "3", "check_update": False},
            basic_auth=(email, api_token.get_secret_value()),
            # Asking for it would be a call while the client is built; that it is Cloud is known.
            get_server_info=False,
            max_retries=0,
            timeout=TIMEOUT_S,
            logging=False,
        )
        self.deploymentType = "Cloud"

    def created(self, fields: Json) -> Json:
        """Create an issue: ``{id, key, self}``."""
        return self._posted("issue", {"fields": fields})

    def read(self, issue: str, fields: Sequence[str]) -> Json:
        """An issue by id or key, with these fields."""
        return cast(Json, self._get_json(f"issue/{issue}", params={"fields": ",".join(fields)}))

    def search(self, jql: str, fields: Sequence[str], limit: int) -> list[Json]:
        """The first issues that a query finds."""
        params = {"jql": jql, "fields": list(fields), "maxResults": limit}
        return cast(list[Json], self._posted("search/jql", params).get("issues", []))

    def comments_page(self, issue: str, *, start: int, limit: int) -> Json:
        """A page of an issue's comments, newest first, with their entity properties."""
        params = {"orderBy": "-created", "expand": "properties", "startAt": start, "maxResults": limit}
        return cast(Json, self._get_json(f"issue/{issue}/comment", params=params))

    def commented(self, issue: str, body: Json, properties: list[Json]) -> Json:
        """Write a comment with entity properties."""
        return self._posted(f"issue/{issue}/comment", {"body": body, "properties": properties})

    def link_remote(self, issue: str, *, global_id: str, url: str, title: str) -> None:
        """Create the remote link with this ``globalId``, or bring it up to date."""
        linked = {"url": url, "title": title}
        application = {"type": "io.tierline", "name": "Tierline"}
        self._posted(
            f"issue/{issue}/remotelink",
            {"globalId": global_id, "application": application, "relationship": "support ticket", "object": linked},
        )

    def issue_type_names(self, project: str) -> list[str]:
        """The names of the issue types that we may create in a project."""
        page = cast(Json, self._get_json(f"issue/createmeta/{project}/issuetypes", params={"maxResults": 200}))
        kinds: list[Json] = page.get("issueTypes") or page.get("values") or []
        return [str(kind["name"]) for kind in kinds]

    def _posted(self, path: str, body: Json) -> Json:
        answer = self._session.post(self._get_url(path), data=json.dumps(body))
        return cast(Json, answer.json())
