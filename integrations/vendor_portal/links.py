"""Signed links to the vendor's page: whoever has one may answer that one case, and nothing else."""

from datetime import timedelta

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

_SALT = "tierline.vendor-case"
LIFETIME = timedelta(days=90)


class LinkInvalid(Exception):
    """It is not a link that Tierline made, or not whole."""


class LinkExpired(Exception):
    """The link is older than its lifetime."""


class VendorLink(BaseModel):
    """What a link is for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ticket: str = Field(min_length=1, max_length=40)
    case: int = Field(ge=0)


class VendorLinks:
    """Makes and reads the links. ``public_url`` is the gateway's address as the vendor reaches it."""

    def __init__(self, secret: SecretStr, public_url: str, *, lifetime: timedelta = LIFETIME) -> None:
        self._serializer = URLSafeTimedSerializer(secret.get_secret_value(), salt=_SALT)
        self._public_url = public_url.rstrip("/")
        self._lifetime = lifetime

    def sign(self, ticket_id: str, case: int) -> str:
        """The token that stands in the link."""
        return str(self._serializer.dumps({"ticket": ticket_id, "case": case}))

    def url(self, ticket_id: str, case: int) -> str:
        """The whole address of the vendor's page."""
        return f"{self._public_url}/vendor/{self.sign(ticket_id, case)}"

    def read(self, token: str) -> VendorLink:
        """What the token is for.

        Raises:
            LinkExpired: it is too old.
            LinkInvalid: it is not ours.
        """
        try:
            payload = self._serializer.loads(token, max_age=int(self._lifetime.total_seconds()))
            return VendorLink.model_validate(payload)
        except SignatureExpired as error:
            raise LinkExpired from error
        except (BadSignature, ValidationError, UnicodeError) as error:
            raise LinkInvalid from error
