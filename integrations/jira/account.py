"""Whom we are to Jira: an e-mail address with an API token (Cloud), or a personal access token (Data Center)."""

from base64 import b64encode

from requests import PreparedRequest
from requests.auth import AuthBase

from integrations.rotating_secret import Secret


class ApiTokenAccount(AuthBase):
    """Basic authentication of Jira Cloud; the token is asked for at each call, since it may be renewed."""

    def __init__(self, email: str, api_token: Secret) -> None:
        self._email = email
        self._api_token = api_token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign a request."""
        pair = f"{self._email}:{self._api_token.get_secret_value()}".encode()
        request.headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        return request


class PersonalAccessTokenAccount(AuthBase):
    """Bearer authentication of Jira Data Center."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign a request."""
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request


Account = ApiTokenAccount | PersonalAccessTokenAccount
