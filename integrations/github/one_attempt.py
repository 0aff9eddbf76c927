"""PyGithub, held to one request a call and one connection a thread."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from github import Auth, Github
from github.Requester import Requester

from domain.addresses import parts_of
from integrations.errors import PermanentFailure
from integrations.github.credentials import CurrentToken, InstallationAuth
from integrations.github.failures import SYSTEM
from integrations.rotating_secret import Secret

TIMEOUT_S = 10
PAGE = 100

_REDIRECTS = 3
_REMEMBERED_ANSWERS = 500
_LAST_PAGE = re.compile(r'[?&]page=(\d+)[^>]*>;\s*rel="last"')

Json = dict[str, Any]


class Answer(NamedTuple):
    """What GitHub said: its status, its headers by their names in small letters, and the JSON (None for an empty body)."""

    status: int
    headers: Mapping[str, str]
    body: Any


class GitHubConnection:
    """Requests in the name of a token or of an App's installation.

    PyGithub's connection holds the request that is under way, so threads must not share it: each has its own.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: Secret | None,
        app_id: str | None,
        private_key: Secret | None,
        installation_id: str | None,
    ) -> None:
        self._base_url = base_url
        self._local = threading.local()
        self._lock = threading.Lock()
        self._remembered: dict[str, tuple[str, Any]] = {}
        self._app: Auth.AppAuth | None = None
        self._auth: CurrentToken | InstallationAuth
        if app_id and private_key is not None and installation_id:
            if not installation_id.isdecimal():
                raise PermanentFailure(SYSTEM, "TIERLINE_GITHUB__INSTALLATION_ID must be a number")
            self.installation_id: int | None = int(installation_id)
            self._app = Auth.AppAuth(app_id, private_key.get_secret_value)
            self._auth = InstallationAuth(self._app, self.installation_id)
        elif token is not None:
            self.installation_id = None
            self._auth = CurrentToken(token)
        else:
            words = "set TIERLINE_GITHUB__TOKEN, or the App's id, private key and installation id"
            raise PermanentFailure(SYSTEM, words)

    @property
    def is_app(self) -> bool:
        """Whether we are an App's installation."""
        return self._app is not None

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:
        """One GET; follows a transferred issue (301)."""
        return self.answer("GET", path, parameters=parameters).body

    def post(self, path: str, body: Json) -> Any:
        """One POST."""
        return self.answer("POST", path, body=body).body

    def patch(self, path: str, body: Json) -> Json:
        """One PATCH."""
        return _object(self.answer("PATCH", path, body=body).body)

    def delete(self, path: str) -> Any:
        """One DELETE."""
        return self.answer("DELETE", path).body

    def pages(self, path: str, parameters: Mapping[str, str | int], limit: int) -> Iterator[Json]:
        """The items of a list, through at most ``limit`` pages."""
        for number in range(1, limit + 1):
            page = _list(self.get(path, {**parameters, "per_page": PAGE, "page": number}))
            yield from page
            if len(page) < PAGE:
                return

    def newest(self, path: str, limit: int) -> list[Json]:
        """The last items of a list that begins with the oldest, from at most ``limit`` pages; oldest first."""
        first = self.answer("GET", path, parameters={"per_page": PAGE, "page": 1})
        told = _LAST_PAGE.search(first.headers.get("link", ""))
        last = int(told[1]) if told else 1
        items: list[Json] = []
        for number in range(max(2, last - limit + 1), last + 1):
            items += _list(self.get(path, {"per_page": PAGE, "page": number}))
        return (_list(first.body) if last <= limit else []) + items

    def remembered(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:
        """One GET that costs nothing of the rate limit where the answer is still the one that we had (its ETag)."""
        key = json.dumps([path, dict(parameters or {})], sort_keys=True)
        with self._lock:
            known = self._remembered.get(key)
        answer = self.answer("GET", path, parameters=parameters, etag=known[0] if known else None)
        if answer.status == 304 and known is not None:
            return known[1]
        if etag := answer.headers.get("etag"):
            with self._lock:
                self._remembered.pop(key, None)
                self._remembered[key] = (etag, answer.body)
                while len(self._remembered) > _REMEMBERED_ANSWERS:
                    del self._remembered[next(iter(self._remembered))]
        return answer.body

    def answer(
        self,
        verb: str,
        path: str,
        *,
        parameters: Mapping[str, str | int] | None = None,
        body: Json | None = None,
        etag: str | None = None,
    ) -> Answer:
        """One request. Followed are the redirects of what was renamed or transferred, on GitHub's own address alone.

        Args:
            verb: the HTTP method.
            path: the API's path, without its prefix.
            parameters: the query.
            body: what is sent as JSON.
            etag: the ETag of an earlier answer; where nothing changed the status is 304 and the body None.

        Raises:
            github.GithubException: an error status.
        """
        requester = self._github().requester
        headers = {"If-None-Match": etag} if etag else {}
        query: dict[str, Any] = dict(parameters or {})
        token = self._auth.token
        for _ in range(_REDIRECTS):
            status, answered, text = requester.requestJson(verb, path, query, dict(headers), body)
            if status not in (307, 308) or "location" not in answered:
                break
            path, query = self._on_our_address(answered["location"]), {}
        if status == 401 and isinstance(self._auth, InstallationAuth):
            self._auth.forget(token)
        if status >= 400:
            raise Requester.createException(status, answered, _words(text))
        if status >= 300 and status != 304:
            raise RuntimeError("GitHub redirects again and again")
        return Answer(status, answered, json.loads(text) if text else None)

    def get_as_app(self, path: str) -> Any:
        """One GET in the name of the App itself, not of its installation."""
        assert self._app is not None
        _, body = self._built(self._app).requester.requestJsonAndCheck("GET", path)
        return body

    def authorization(self) -> str:
        """The ``Authorization`` header, for GitHub's own host alone."""
        self._github()
        return f"{self._auth.token_type} {self._auth.token}"

    def _on_our_address(self, location: str) -> str:
        if origin(location) != origin(self._base_url):
            raise RuntimeError("GitHub redirects to another address")
        return location

    def _github(self) -> Github:
        built: Github | None = getattr(self._local, "github", None)
        if built is None:
            built = self._local.github = self._built(self._auth)
        return built

    def _built(self, auth: Auth.Auth) -> Github:
        return Github(
            base_url=self._base_url,
            auth=auth,
            timeout=TIMEOUT_S,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            user_agent="tierline",
        )


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address: what a secret may be sent to."""
    parts = parts_of(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _words(text: str) -> Json:
    """What an error says; a proxy's page says nothing."""
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _object(body: Any) -> Json:
    if not isinstance(body, dict):
        raise TypeError("a JSON object was expected")
    return body


def _list(body: Any) -> list[Json]:
    if not isinstance(body, list):
        raise TypeError("a JSON list was expected")
    return body
