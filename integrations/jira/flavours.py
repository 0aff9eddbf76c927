"""The kinds of Jira, and wherein they differ: how text is written, how people are named, how a search goes on."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, cast

from integrations.jira.adf import document
from integrations.jira.adf_text import text_of
from integrations.jira.plain import fitting
from integrations.jira.rest_client import Json, RestClient
from integrations.jira.wiki import wiki
from integrations.jira.wiki_text import plain_of

_PAGE = 100
# Data Center's pages go by position: an issue that is changed meanwhile moves to the end, and all after it one up.
_OVERLAP = 10


class Flavour(Protocol):
    """One kind of Jira."""

    api_version: str
    deployment: str
    name: str

    def text(self, plain: str) -> Json | str:
        """Plain text, as a description or comment takes it."""
        ...

    def plain(self, text: object) -> str:
        """The words of a description or comment."""
        ...

    def named(self, person: str) -> dict[str, str]:
        """How a person is named in a field or a query."""
        ...

    def id_of(self, person: Json) -> str:
        """The lasting name of a person, whatever e-mail address Jira tells or hides."""
        ...

    def pages(self, client: RestClient, jql: str, fields: Sequence[str], most: int) -> Iterator[list[Json]]:
        """The pages of a search, one request each, until ``most`` issues; an issue may come twice."""
        ...

    def assignable(self, project: str, person: str) -> dict[str, str]:
        """The query of ``user/assignable/search`` for one person."""
        ...


class _DocumentText:
    """Atlassian Document Format, of version 3."""

    def text(self, plain: str) -> Json | str:
        return document(fitting(plain))

    def plain(self, text: object) -> str:
        return text_of(text)


class _WikiText:
    """Wiki text, of version 2."""

    def text(self, plain: str) -> Json | str:
        return fitting(wiki(fitting(plain)))

    def plain(self, text: object) -> str:
        return plain_of(text) if isinstance(text, str) else text_of(text)


class _CloudPeopleAndSearch:
    """Account ids, and ``search/jql`` with a token for the next page."""

    deployment = "Cloud"

    def named(self, person: str) -> dict[str, str]:
        return {"accountId": person}

    def id_of(self, person: Json) -> str:
        return str(person.get("accountId") or "")

    def assignable(self, project: str, person: str) -> dict[str, str]:
        return {"project": project, "accountId": person}

    def pages(self, client: RestClient, jql: str, fields: Sequence[str], most: int) -> Iterator[list[Json]]:
        asked: dict[str, Any] = {"jql": jql, "fields": list(fields), "maxResults": min(most, _PAGE)}
        left = most
        while left > 0:
            page = client.posted("search/jql", asked)
            issues = cast(list[Json], page.get("issues", []))
            yield issues[:left]
            left -= len(issues)
            if not issues or not (token := page.get("nextPageToken")):
                return
            asked["nextPageToken"] = token


class CloudV3(_DocumentText, _CloudPeopleAndSearch):
    """Jira Cloud's REST API v3."""

    api_version = "3"
    name = "Jira Cloud"


class CloudV2(_WikiText, _CloudPeopleAndSearch):
    """Jira Cloud's REST API v2."""

    api_version = "2"
    name = "Jira Cloud"


class DataCenter(_WikiText):
    """Jira Data Center's REST API v2 (9.x): user names, and ``search`` by position."""

    api_version = "2"
    deployment = "Server"
    name = "Jira Data Center"

    def named(self, person: str) -> dict[str, str]:
        """By user name."""
        return {"name": person}

    def id_of(self, person: Json) -> str:
        """The user name."""
        return str(person.get("name") or "")

    def assignable(self, project: str, person: str) -> dict[str, str]:
        """By user name."""
        return {"project": project, "username": person}

    def pages(self, client: RestClient, jql: str, fields: Sequence[str], most: int) -> Iterator[list[Json]]:
        """By position, each page with the end of the one before it."""
        start = 0
        while start < most:
            asked = {"jql": jql, "fields": list(fields), "maxResults": min(most, _PAGE), "startAt": start}
            page = client.posted("search", asked)
            issues = cast(list[Json], page.get("issues", []))
            yield issues
            if not issues or start + len(issues) >= int(page.get("total", 0)):
                return
            start += max(1, len(issues) - _OVERLAP)
