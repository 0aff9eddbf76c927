"""PyGithub, held to one request a call and one connection a thread."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from github import Auth, Github
from pydantic import SecretStr

from integrations.errors import PermanentFailure
from integrations.github.failures import SYSTEM

TIMEOUT_S = 10
PAGE = 100

Json = dict[str, Any]


class GitHubConnection:
    """Requests in the name of a token or of an App's installation.

    PyGithub's connection holds the request that is under way, so threads must not share it: each has its own.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: SecretStr | None,
        app_id: str | None,
        private_key: SecretStr | None,
        installation_id: str | None,
    ) -> None:
        self._base_url = base_url
        self._local = threading.local()
        self._app: Auth.AppAuth | None = None
        self._auth: Auth.Auth
        if app_id and private_key is not None and installation_id:
            if not installation_id.isdecimal():
                raise PermanentFailure(SYSTEM, "TIERLINE_GITHUB__INSTALLATION_ID must be a number")
            self.installation_id: int | None = int(installation_id)
            self._app = Auth.AppAuth(app_id, private_key.get_secret_value())
            self._auth = _SharedInstallationAuth(self._app, self.installation_id)
        elif token is not None:
            self.installation_id = None
            self._auth = Auth.Token(token.get_secret_value())
        else:
            words = "set TIERLINE_GITHUB__TOKEN, or the App's id, private key and installation id"
            raise PermanentFailure(SYSTEM, words)

    @property
    def is_app(self) -> bool:
        """Whether we are an App's installation."""
        return self._app is not None

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:
        """One GET; follows a transferred issue (301)."""
        _, body = self._github().requester.requestJsonAndCheck("GET", path, parameters=dict(parameters or {}))
        return body

    def post(self, path: str, body: Json) -> Json:
        """One POST."""
        _, answer = self._github().requester.requestJsonAndCheck("POST", path, input=body)
        if not isinstance(answer, dict):
            raise TypeError("a JSON object was expected")
        return answer

    def pages(self, path: str, parameters: Mapping[str, str | int], limit: int) -> Iterator[Json]:
        """The items of a list, through at most ``limit`` pages."""
        for number in range(1, limit + 1):
            page = self.get(path, {**parameters, "per_page": PAGE, "page": number})
            if not isinstance(page, list):
                raise TypeError("a JSON list was expected")
            yield from page
            if len(page) < PAGE:
                return

    def get_as_app(self, path: str) -> Any:
        """One GET in the name of the App itself, not of its installation."""
        assert self._app is not None
        _, body = self._built(self._app).requester.requestJsonAndCheck("GET", path)
        return body

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


class _SharedInstallationAuth(Auth.AppInstallationAuth):
    """One installation token for all threads, renewed by one of them before it ends."""

    def __init__(self, app: Auth.AppAuth, installation_id: int) -> None:
        super().__init__(app, installation_id)
        self._renewal = threading.Lock()

    @property
    def token(self) -> str:
        with self._renewal:
            return super().token
