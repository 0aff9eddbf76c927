"""An e-mail address as Tierline takes it: the address alone, as RFC 5321 writes it without quotes or comments."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

LONGEST_ADDRESS = 254
"""Characters. RFC 5321, 4.5.3.1.3: a path has 256 octets, of which the angle brackets are two."""
# RFC 5322, 3.2.3, without the question mark: with it, an address can look like an encoded word (RFC 2047), and mail programs decode it.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_PATTERN = rf"^{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*$"
_ADDRESS = re.compile(_PATTERN)


def is_mail_address(text: str) -> bool:
    """Whether mail can be sent to this address as it is written."""
    return len(text) <= LONGEST_ADDRESS and not text.endswith("\n") and _ADDRESS.match(text) is not None


def mail_address(text: str) -> str:
    """The address itself.

    Raises:
        ValueError: it is none.
    """
    if not is_mail_address(text):
        raise ValueError("write an e-mail address such as robin@contoso.example: it alone, in ASCII letters")
    return text


MailAddress = Annotated[
    str,
    AfterValidator(mail_address),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _PATTERN,
            "maxLength": LONGEST_ADDRESS,
            "examples": ["robin@contoso.example"],
        }
    ),
]
