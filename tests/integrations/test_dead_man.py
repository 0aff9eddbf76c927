"""The dead-man's switch: what is asked for, and what a failure says."""

import socket
import time

import pytest
from pydantic import SecretStr

from integrations.dead_man.http import HttpDeadManSwitch
from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited
from sandbox.engine import free_port
from tests.integrations.vendor_at_fault import Misbehaviour, VendorAtFault

SECRET = "5a1f-secret-of-the-check"


def the_switch(url: str, **other: float) -> HttpDeadManSwitch:
    """A switch at that address."""
    return HttpDeadManSwitch(SecretStr(f"{url}/{SECRET}"), **other)


def test_it_asks_for_the_url_once() -> None:
    server = VendorAtFault()
    server.misbehaviour = Misbehaviour(200, body="OK")
    with server.serving():
        the_switch(server.url).ping()
    assert server.requests == [f"GET /{SECRET}"]


@pytest.mark.parametrize(
    ("misbehaviour", "kind"),
    [
        (Misbehaviour(404), PermanentFailure),
        (Misbehaviour(302, {"location": "https://elsewhere.example/"}), PermanentFailure),
        (Misbehaviour(429, {"retry-after": "7"}), RateLimited),
        (Misbehaviour(503), PassingFailure),
        (Misbehaviour(None), PassingFailure),
    ],
)
def test_a_failure_is_told_without_the_secret(misbehaviour: Misbehaviour, kind: type[IntegrationError]) -> None:
    server = VendorAtFault()
    server.misbehaviour = misbehaviour
    with server.serving(), pytest.raises(kind) as failed:
        the_switch(server.url).ping()
    assert SECRET not in str(failed.value)
    assert server.url not in str(failed.value)
    assert failed.value.__cause__ is None
    assert len(server.requests) == 1


def test_nobody_listens() -> None:
    with pytest.raises(PassingFailure) as failed:
        the_switch(f"http://127.0.0.1:{free_port()}").ping()
    assert SECRET not in str(failed.value)


def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(PassingFailure):
            the_switch(f"http://127.0.0.1:{silent.getsockname()[1]}", time_out_s=0.2).ping()
        assert time.monotonic() - began < 5
