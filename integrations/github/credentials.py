"""Who we are to GitHub: a token that may be renewed while we run, or an App's installation."""

import threading
from datetime import UTC, datetime

from github import Auth, BadCredentialsException, UnknownObjectException
from github.InstallationAuthorization import InstallationAuthorization

from integrations.rotating_secret import Secret


class CurrentToken(Auth.Token):
    """A personal access token, read anew for each request."""

    def __init__(self, secret: Secret) -> None:
        # The library wants a token at once; ours is asked for when it is needed.
        super().__init__("-")
        self._secret = secret

    @property
    def token(self) -> str:
        """The token as it is now."""
        return self._secret.get_secret_value()


class InstallationAuth(Auth.AppInstallationAuth):
    """One installation token for all threads, renewed by one of them before it ends."""

    def __init__(self, app: Auth.AppAuth, installation_id: int) -> None:
        super().__init__(app, installation_id)
        self._renewal = threading.Lock()
        self._current: InstallationAuthorization | None = None

    @property
    def token(self) -> str:
        """The installation's token; asked for again shortly before its hour is over."""
        with self._renewal:
            if self._current is None or self._ends_soon(self._current):
                self._current = self._renewed()
            return self._current.token

    def _renewed(self) -> InstallationAuthorization:
        """An installation that is suspended, or no longer there, is a matter of our credentials, and not of what was asked for."""
        try:
            return self._get_installation_authorization()
        except UnknownObjectException as error:
            raise BadCredentialsException(401, error.data, error.headers) from error

    def forget(self, refused: str) -> None:
        """A token that GitHub refused before its time (the App was installed anew) is not used again."""
        with self._renewal:
            if self._current is not None and self._current.token == refused:
                self._current = None

    @staticmethod
    def _ends_soon(authorization: InstallationAuthorization) -> bool:
        return authorization.expires_at - Auth.TOKEN_REFRESH_THRESHOLD_TIMEDELTA <= datetime.now(UTC)
