"""Which addresses Tierline takes: every one of them can be written to."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.mail_address import LONGEST_ADDRESS, MailAddress, is_mail_address
from integrations.mail.smtp import SmtpMailer
from integrations.mailer import Mail

MAILER = SmtpMailer("127.0.0.1", 25, None, None, "Support <support@acme.example>", False)
READ = TypeAdapter(MailAddress)


@pytest.mark.parametrize(
    "address",
    ["it@contoso.example", "Robin.O'Neil+tier=1@mail.contoso.example", "root@localhost", "x@xn--mnchen-3ya.example"],
)
def test_an_address_is_taken_as_it_is(address: str) -> None:
    assert READ.validate_python(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "robin",
        "robin@",
        "@contoso.example",
        "=?utf-8?q? <a@b?=.example>",
        "=?utf-8?b?YQ=?=@contoso.example",
        "Robin <robin@contoso.example>",
        "robin@contoso.example, all@contoso.example",
        "robin@contoso.example\r\nBcc: all@acme.example",
        "robin@contoso.example\n",
        "robin@contoso.example\0",
        "ro bin@contoso.example",
        "robin@exa mple.com",
        '"robin"@contoso.example',
        "(x)robin@contoso.example",
        "robin..x@contoso.example",
        ".robin@contoso.example",
        "robin@contoso..example",
        "robin@-contoso.example",
        "röbin@contoso.example",
        "robin@cont\u00f6so.example",
        "robin@contoso.example\udc80",
        "r" * LONGEST_ADDRESS + "@contoso.example",
    ],
)
def test_what_mail_cannot_be_sent_to_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValidationError, match=r"write an e-mail address such as robin@contoso\.example"):
        READ.validate_python(text)


@given(st.from_regex(re.compile(READ.json_schema()["pattern"]), fullmatch=True).filter(is_mail_address))
def test_to_every_address_that_is_taken_a_message_can_be_written(address: str) -> None:
    mail = Mail(to=address, subject="s", text="t", message_id="t-1042.1@tierline.invalid")
    recipient, content = MAILER._written(mail)
    assert recipient == address
    assert f"\r\nTo: {address}\r\n".encode() in content
