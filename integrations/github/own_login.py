"""Under which login we write."""

from threading import Lock

from integrations.github.one_attempt import GitHubConnection


class OwnLogin:
    """The token's user, or the App's bot; asked for once."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection
        self._login: str | None = None
        self._lock = Lock()

    def value(self) -> str:
        """The login.

        Raises:
            github.GithubException: GitHub does not accept us.
        """
        with self._lock:
            if self._login is None:
                if self._connection.is_app:
                    self._login = f"{self._connection.get_as_app('/app')['slug']}[bot]"
                else:
                    self._login = str(self._connection.get("/user")["login"])
            return self._login
