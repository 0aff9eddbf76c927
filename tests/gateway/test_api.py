"""The REST API: opening, reading and commanding tickets, who may, and how errors look."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx2
import jsonschema
import pytest

from domain.messages import (
    Accept,
    CustomerMessage,
    Escalate,
    LinkIssue,
    Note,
    Reopen,
    Reply,
    Request,
    Resolve,
    Return,
    SetPriority,
    Snooze,
)
from domain.people import ActorKind, Role
from domain.tiers import Priority, Tier
from gateway import api_examples
from tests.gateway.front_door import MOST_BYTES, FrontDoor, token

NEW: dict[str, Any] = {
    "title": "Card payments fail",
    "description": "502",
    "customer": {"id": "c-17", "name": "Contoso"},
}
OPEN = {
    "accept": {},
    "reply": {"text": "Which browser?"},
    "note": {"text": "seen twice"},
    "escalate": {"to": "L3", "reason": "it burns"},
    "return": {"reason": "no steps"},
    "resolve": {"text": "works"},
    "reopen": {"reason": "fails"},
    "priority": {"priority": "P1"},
    "snooze": {"for": "2h"},
    "link": {"reference": "PAY-12"},
    "customer-message": {"text": "still fails"},
    "merge": {"into": "T-1001"},
    "split": {"title": "Invoices", "description": "late"},
    "hand-over": {"to": "database", "reason": "slow"},
    "comment": {"text": "with 4.2 alone", "visibility": "internal"},
    "kind": {"request": "feature"},
    "workaround": {"text": "pay by transfer"},
    "attach": {"name": "trace.log"},
}


def problem(response: httpx2.Response, status: int) -> dict[str, Any]:
    """The problem document of this answer, which must be whole and show nothing from inside."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert {"type", "title", "status"} <= document.keys() <= {"type", "title", "status", "detail", "instance", "errors"}
    assert document["status"] == status
    assert "Traceback" not in response.text
    return document


async def test_a_ticket_is_opened_and_read(door: FrontDoor) -> None:
    opened = await door.api("POST", "", NEW, role=Role.INTEGRATION)
    read = await door.api("GET", opened.headers["location"].removeprefix("/api/v1/tickets"), role=Role.AGENT)

    assert opened.status_code == 201
    assert opened.json()["id"] == read.json()["id"]
    assert read.json()["title"] == "Card payments fail"
    opening = door.desk.tickets[opened.json()["id"]]
    assert (opening.opened_by.kind, opening.opened_by.id) == (ActorKind.API, "integration-caller")


async def test_the_language_is_kept_and_the_sla_is_shown(door: FrontDoor) -> None:
    opened = await door.api("POST", "", NEW | {"language": "fr-BE"})

    view = opened.json()
    assert (view["language"], view["sla"]) == ("fr-BE", "default")
    assert {clock["sla"] for clock in view["clocks"]} == {"default"}
    assert door.desk.tickets[view["id"]].language == "fr-BE"


@pytest.mark.parametrize("odd", ["\x00", "\x1b", "\x9f", "\ud800"])
async def test_what_is_no_text_is_refused_with_its_place(door: FrontDoor, odd: str) -> None:
    body = NEW | {"product": f"pay{odd}ments", "customer": {"id": "cus-77", "name": f"Gra{odd}ce"}}
    headers = {"Authorization": f"Bearer {token(Role.LEAD)}", "Content-Type": "application/json"}
    before = set(door.desk.tickets)

    answer = await door.http.post("/api/v1/tickets", content=json.dumps(body), headers=headers)

    document = problem(answer, 422)
    assert [error["field"] for error in document["errors"]] == ["/customer/name", "/product"]
    assert f"U+{ord(odd):04X}" in document["errors"][0]["message"]
    assert set(door.desk.tickets) == before


async def test_a_helpdesks_automatic_reply_is_handed_on_as_one(door: FrontDoor) -> None:
    ticket = (await door.api("POST", "", NEW)).json()["id"]
    sent = await door.api("POST", f"/{ticket}/reply", {"text": "We have your message.", "automatic": True})

    assert sent.status_code == 200
    ((_, command),) = door.desk.commands
    assert command.request == Reply(text="We have your message.", automatic=True)


async def test_opening_again_with_the_same_key_gives_the_same_ticket(door: FrontDoor) -> None:
    first = await door.api("POST", "", NEW, Idempotency_Key="k-1")
    again = await door.api("POST", "", NEW, Idempotency_Key="k-1")
    other_key = await door.api("POST", "", NEW, Idempotency_Key="k-2")
    other_caller = await door.api("POST", "", NEW, role=Role.AGENT, Idempotency_Key="k-1")
    no_key = await door.api("POST", "", NEW)

    assert [r.status_code for r in (first, again, other_key, other_caller, no_key)] == [201, 200, 201, 201, 201]
    assert first.json()["id"] == again.json()["id"]
    assert len({r.json()["id"] for r in (first, other_key, other_caller, no_key)}) == 4


async def test_the_same_key_for_another_ticket_is_refused(door: FrontDoor) -> None:
    await door.api("POST", "", NEW, Idempotency_Key="k-1")
    response = await door.api("POST", "", NEW | {"title": "Something else"}, Idempotency_Key="k-1")

    assert problem(response, 422)["type"].endswith("idempotency-key-reused")


async def test_a_ticket_id_that_is_taken_is_refused(door: FrontDoor) -> None:
    assert problem(await door.api("POST", "", NEW | {"ticket_id": "T-1042"}), 409)["type"].endswith("ticket-exists")


async def test_the_timeline_is_read_as_of_a_past_instant(door: FrontDoor) -> None:
    door.desk.opened_at -= timedelta(hours=2)
    as_of = door.desk.opened_at + timedelta(hours=1)
    timeline = (await door.api("GET", f"/T-1042/timeline?as_of={quote(as_of.isoformat())}")).json()

    assert datetime.fromisoformat(timeline["as_of"]) == as_of
    assert [(span["owner"], datetime.fromisoformat(span["until"])) for span in timeline["spans"]] == [("L1", as_of)]
    assert {clock["counted_s"] for clock in timeline["clocks"]} == {3600}
    assert {clock["policy_version"] for clock in timeline["clocks"]} == {door.policy.version}


@pytest.mark.parametrize(
    ("ago", "status", "kind"),
    [(timedelta(hours=-1), 422, "as-of-in-the-future"), (timedelta(days=9), 404, "as-of-before-opening")],
)
async def test_an_instant_that_cannot_be_told_is_a_problem(
    door: FrontDoor, ago: timedelta, status: int, kind: str
) -> None:
    as_of = quote((datetime.now(UTC) - ago).isoformat())
    document = problem(await door.api("GET", f"/T-1042/timeline?as_of={as_of}"), status)
    assert document["type"] == f"urn:tierline:problem:{kind}"


@pytest.mark.parametrize(
    "as_of",
    [
        "yesterday",
        "2026-11-20",
        "1900000000",
        "2026-11-20T12:00:00",
        "0001-01-01T00:00:00-14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
async def test_an_instant_without_its_offset_or_out_of_range_is_a_problem(door: FrontDoor, as_of: str) -> None:
    response = await door.api("GET", f"/T-1042/timeline?as_of={quote(as_of)}")
    assert response.status_code in {404, 422}, response.text
    problem(response, response.status_code)


async def test_the_timeline_is_read(door: FrontDoor) -> None:
    timeline = (await door.api("GET", "/T-1042/timeline")).json()

    assert timeline["ticket_id"] == "T-1042"
    assert timeline["dropped"] == 0
    assert all(entry.keys() == {"at", "who", "text", "public"} for entry in timeline["entries"])


@pytest.mark.parametrize(
    ("path", "role", "body", "request_"),
    [
        ("accept", Role.AGENT, None, Accept()),
        ("accept", Role.AGENT, {}, Accept()),
        ("reply", Role.AGENT, {"text": "a"}, Reply(text="a")),
        ("note", Role.AGENT, {"text": "a"}, Note(text="a")),
        ("escalate", Role.LEAD, {"to": "L3", "reason": "a"}, Escalate(to=Tier.L3, reason="a")),
        ("return", Role.LEAD, {"to": "L1", "reason": "a"}, Return(to=Tier.L1, reason="a")),
        ("resolve", Role.AGENT, {"text": "a"}, Resolve(text="a")),
        ("reopen", Role.CUSTOMER, {"reason": "a"}, Reopen(reason="a")),
        ("priority", Role.LEAD, {"priority": "P1"}, SetPriority(priority=Priority.P1)),
        ("snooze", Role.AGENT, {"for": "2h"}, Snooze(length=timedelta(hours=2))),
        ("snooze", Role.LEAD, {"until": "2026-12-24T18:00:00Z"}, Snooze(until=datetime(2026, 12, 24, 18, tzinfo=UTC))),
        ("link", Role.LEAD, {"reference": "PAY-12"}, LinkIssue(reference="PAY-12")),
        ("customer-message", Role.INTEGRATION, {"text": "a"}, CustomerMessage(text="a")),
    ],
)
async def test_each_command_reaches_the_ticket(
    door: FrontDoor, path: str, role: Role, body: object, request_: Request
) -> None:
    response = await door.api("POST", f"/T-1042/{path}", body, role=role)

    assert response.status_code == 200, response.text
    assert response.json()["accepted"] is True
    ((ticket_id, command),) = door.desk.commands
    assert (ticket_id, command.request) == ("T-1042", request_)


async def test_a_customers_message_comes_from_the_customer(door: FrontDoor) -> None:
    body = {"text": "still fails", "by": {"name": "Robin of Contoso"}}
    await door.api("POST", "/T-1042/customer-message", body, role=Role.INTEGRATION)

    ((_, command),) = door.desk.commands
    assert (command.by.kind, command.by.name) == (ActorKind.CUSTOMER, "Robin of Contoso")
    assert command.by.roles == {Role.CUSTOMER, Role.INTEGRATION}


async def test_a_repeated_command_is_done_once_by_its_key(door: FrontDoor) -> None:
    for key in ("k-1", "k-1", "k-2"):
        response = await door.api("POST", "/T-1042/note", {"text": "a"}, Idempotency_Key=key)
        assert response.headers["idempotency-key"] == key
    # The same key is another command's own.
    await door.api("POST", "/T-1042/reply", {"text": "a"}, Idempotency_Key="k-1")
    await door.api("POST", "/T-1042/note", {"text": "a"})

    assert len({command.id for _, command in door.desk.commands}) == len(door.desk.commands) == 4


async def test_the_same_key_with_another_body_is_refused_and_not_carried_out(door: FrontDoor) -> None:
    customer = {"text": "still fails", "by": {"name": "Robin"}}
    for path, body, other in (
        ("note", {"text": "a"}, {"text": "b"}),
        ("snooze", {"for": "2h"}, {"for": "3h"}),
        ("resolve", {"text": "a"}, {"text": "a", "automatic": True}),
        ("customer-message", customer, customer | {"by": {"name": "Kim"}}),
    ):
        role = Role.INTEGRATION if path == "customer-message" else Role.LEAD
        first = await door.api("POST", f"/T-1042/{path}", body, role=role, Idempotency_Key="k-1")
        differs = await door.api("POST", f"/T-1042/{path}", other, role=role, Idempotency_Key="k-1")
        again = await door.api("POST", f"/T-1042/{path}", body, role=role, Idempotency_Key="k-1")
        document = problem(differs, 422)
        assert document["type"].endswith("idempotency-key-reused")
        assert "use a new key for a new request" in document["detail"]
        assert (first.status_code, again.json()) == (200, first.json())
    assert len(door.desk.commands) == 4


async def test_a_default_that_is_written_out_makes_no_other_request(door: FrontDoor) -> None:
    for body in ({"text": "a"}, {"awaits_customer": True, "text": "a"}, {"text": "a", "do": "reply"}):
        response = await door.api("POST", "/T-1042/reply", body, Idempotency_Key="k-1")
        assert response.status_code == 200
    for new in (NEW, NEW | {"priority": "P3", "product": None}):
        opened = await door.api("POST", "", new, Idempotency_Key="k-1")
        assert opened.status_code in {200, 201}
    assert len(door.desk.commands) == 1


@pytest.mark.parametrize(
    ("path", "role"),
    [
        *[(path, Role.VENDOR) for path in OPEN],
        ("escalate", Role.AGENT),
        ("escalate", Role.INTEGRATION),
        ("priority", Role.AGENT),
        ("snooze", Role.ENGINEER),
        ("customer-message", Role.AGENT),
        ("resolve", Role.CUSTOMER),
    ],
)
async def test_a_caller_without_the_role_is_told_who_may(door: FrontDoor, path: str, role: Role) -> None:
    document = problem(await door.api("POST", f"/T-1042/{path}", OPEN[path], role=role), 403)

    assert document["type"].endswith("not-allowed")
    assert "that is for" in document["detail"]
    assert door.desk.commands == []


@pytest.mark.parametrize(("method", "path"), [("GET", "/T-1042"), ("GET", "/T-1042/timeline"), ("POST", "")])
async def test_customers_and_vendors_neither_read_nor_open(door: FrontDoor, method: str, path: str) -> None:
    for role in (Role.CUSTOMER, Role.VENDOR):
        problem(await door.api(method, path, NEW if method == "POST" else None, role=role), 403)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {token(Role.LEAD)}",
        token(Role.LEAD),
        f"Bearer {token(Role.LEAD)}x",
        f"Bearer {token(Role.LEAD)[:-1]}",
        "Bearer \xfc\xff",
    ],
)
async def test_without_a_right_token_nothing_is_looked_at(door: FrontDoor, authorization: str | None) -> None:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    response = await door.http.post("/api/v1/tickets", content=b"{not even json", headers=headers)

    assert problem(response, 401)["type"].endswith("not-authenticated")
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_without_configured_tokens_nobody_is_let_in(door: FrontDoor) -> None:
    object.__setattr__(door.gateway, "api_tokens", ())
    problem(await door.api("GET", "/T-1042"), 401)


async def test_unknown_closed_and_refused_are_told_apart(door: FrontDoor) -> None:
    unknown = problem(await door.api("POST", "/T-9/accept"), 404)
    door.desk.refusal = "T-1042 is resolved: reopen it first"
    refused = problem(await door.api("POST", "/T-1042/accept"), 409)
    door.desk.closed.add("T-1042")
    closed = problem(await door.api("POST", "/T-1042/accept"), 409)
    door.desk.away = True
    away = await door.api("POST", "/T-1042/accept")

    assert unknown["instance"] == "/api/v1/tickets/T-9/accept"
    assert (refused["type"], refused["detail"]) == (
        "urn:tierline:problem:refused",
        "T-1042 is resolved: reopen it first",
    )
    assert closed["type"].endswith("ticket-closed")
    assert problem(away, 503)["type"].endswith("unavailable")
    assert away.headers["retry-after"] == "5"


async def test_a_result_that_does_not_come_is_a_503_to_be_repeated_with_the_same_key(door: FrontDoor) -> None:
    door.desk.held = asyncio.Event()
    late = await door.api("POST", "/T-1042/accept", Idempotency_Key="k-1")
    door.desk.held.set()
    again = await door.api("POST", "/T-1042/accept", Idempotency_Key="k-1")

    problem(late, 503)
    assert again.status_code == 200
    assert len(door.desk.commands) == 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("", {name: NEW[name] for name in ("description", "customer")}, "/title"),
        ("", NEW | {"title": ""}, "/title"),
        ("", NEW | {"customer": {"id": "c"}}, "/customer/name"),
        ("", NEW | {"customer": {"id": "c", "name": "N" * 801}}, "/customer/name"),
        ("", NEW | {"customer": {"id": "💥" * 201, "name": "Jo"}}, "/customer/id"),
        ("", NEW | {"customer": {"id": "c", "name": "Jo", "email": "e" * 1_001}}, "/customer/email"),
        ("", NEW | {"customer": {"id": "c", "name": "Jo", "plan": "p" * 801}}, "/customer/plan"),
        ("", NEW | {"priority": "P9"}, "/priority"),
        ("", NEW | {"surprise": 1}, "/surprise"),
        ("", NEW | {"a/b~c": 1}, "/a~1b~0c"),
        ("", NEW | {"ticket_id": "1042"}, "/ticket_id"),
        ("/T-1042/reply", {"text": ""}, "/text"),
        ("/T-1042/reply", {"text": "x" * 20_001}, "/text"),
        ("/T-1042/reply", {"text": 7}, "/text"),
        ("/T-1042/escalate", {"to": "L9", "reason": "a"}, "/to"),
        ("/T-1042/escalate", {"to": "L3"}, "/reason"),
        ("/T-1042/escalate", {"to": "L4", "reason": "a", "vendor": "v" * 801}, "/vendor"),
        ("/T-1042/reply", ["text"], "/"),
        ("/1042/reply", {"text": "a"}, "path ticket_id"),
    ],
)
async def test_what_is_wrong_with_a_request_is_named_by_field(
    door: FrontDoor, path: str, body: object, field: str
) -> None:
    errors = problem(await door.api("POST", path, body), 422)["errors"]

    assert [error["field"] for error in errors] == [field]
    assert errors[0]["message"]


@pytest.mark.parametrize("field", ["product", "component"])
async def test_a_text_that_the_ticket_cannot_hold_is_refused_at_the_door(
    door: FrontDoor, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    for length, status in ((100, 201), (101, 422), (200, 422)):
        response = await door.api("POST", "", NEW | {field: "ü" * length})
        assert response.status_code == status, (length, response.text)
    assert problem(response, 422)["errors"][0]["field"] == f"/{field}"
    assert "ü" not in caplog.text


@pytest.mark.parametrize("email", ["=?utf-8?q? <a@b?=.example>", "no address", "a@b.example\r\nBcc: c@d.example", ""])
async def test_an_address_that_mail_cannot_be_sent_to_is_refused_when_the_ticket_is_opened(
    door: FrontDoor, email: str
) -> None:
    response = await door.api("POST", "", NEW | {"customer": NEW["customer"] | {"email": email}})

    (error,) = problem(response, 422)["errors"]
    assert error["field"] == "/customer/email"
    assert "write an e-mail address such as robin@contoso.example" in error["message"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("reply", {"text": "a", "automatic": 0}, "/automatic"),
        ("reply", {"text": "a", "awaits_customer": "yes"}, "/awaits_customer"),
        ("resolve", {"text": "a", "automatic": 1.0}, "/automatic"),
        ("snooze", {"until": 1_900_000_000}, "/until"),
        ("snooze", {"until": "1900000000"}, "/until"),
        ("snooze", {"until": "2026-12-24"}, "/until"),
        ("note", {"text": "a\0"}, "/text"),
        ("customer-message", {"text": "a", "by": {"name": "Robin\x1b"}}, "/by/name"),
        ("snooze", {"for": "2h", "until": "2026-12-24T18:00:00Z"}, "/"),
    ],
)
async def test_what_the_description_forbids_is_refused(
    door: FrontDoor, path: str, body: dict[str, object], field: str
) -> None:
    (error,) = problem(await door.api("POST", f"/T-1042/{path}", body), 422)["errors"]
    assert error["field"] == field
    document = await openapi(door)
    operation = document["paths"][f"/api/v1/tickets/{{ticket_id}}/{path}"]["post"]
    schema = schema_of(document, operation["requestBody"]["content"]["application/json"])
    validator = jsonschema.Draft202012Validator
    assert not validator(schema, format_checker=validator.FORMAT_CHECKER).is_valid(body)


async def test_a_body_that_is_no_json_is_told_so(door: FrontDoor) -> None:
    headers = {"Authorization": f"Bearer {token(Role.LEAD)}", "Content-Type": "application/json"}
    for content in (b"{", b"\xff\xfe", b"[" * 50_000, b'"\\ud800"', b"NaN", b'{"title": ' + b"9" * 5_000 + b"}"):
        response = await door.http.post("/api/v1/tickets", content=content, headers=headers)
        assert response.status_code in (400, 422), content[:10]
        problem(response, response.status_code)


async def test_names_that_utf8_cannot_write_are_answered(door: FrontDoor) -> None:
    headers = {"Authorization": f"Bearer {token(Role.LEAD)}", "Content-Type": "application/json"}
    content = json.dumps(NEW | {"\ud800": "\udfff"}).encode()

    response = await door.http.post("/api/v1/tickets", content=content, headers=headers)

    assert problem(response, 422)["errors"][0]["field"].startswith("/")


async def test_too_large_a_body_is_refused_with_or_without_its_length(door: FrontDoor) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MOST_BYTES // 1024 + 1):
            yield b" " * 1024

    headers = {"Authorization": f"Bearer {token(Role.LEAD)}", "Content-Type": "application/json"}
    said = await door.http.post("/api/v1/tickets", content=b" " * (MOST_BYTES + 1), headers=headers)
    unsaid = await door.http.post("/api/v1/tickets", content=chunks(), headers=headers)

    assert "content-length" not in unsaid.request.headers
    for response in (said, unsaid):
        assert problem(response, 413)["type"].endswith("body-too-large")


async def test_what_is_not_there_is_a_problem_as_well(door: FrontDoor) -> None:
    problem(await door.http.get("/nowhere"), 404)
    problem(await door.http.get("/docs"), 404)
    problem(await door.http.put("/api/v1/tickets"), 405)


async def test_a_failure_inside_shows_nothing_of_it(door: FrontDoor, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(ticket_id: str) -> None:
        raise RuntimeError("what Robin wrote")

    door.desk.view = fail  # type: ignore[assignment,method-assign]

    document = problem(await door.api("GET", "/T-1042"), 500)

    assert "Robin" not in json.dumps(document)
    assert (
        "request failed method=GET route=/api/v1/tickets/{ticket_id} error=RuntimeError at=test_api.py:" in caplog.text
    )
    assert "Robin" not in "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("tierline")
    )


# --- the description -----------------------------------------------------------------------------------------------


async def openapi(door: FrontDoor) -> dict[str, Any]:
    document: dict[str, Any] = (await door.http.get("/openapi.json")).json()
    return document


def schema_of(document: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    return {**content["schema"], "components": document["components"]}


async def test_every_body_has_an_example_that_its_own_schema_takes(door: FrontDoor) -> None:
    document = await openapi(door)
    seen = 0
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if "requestBody" not in operation:
                continue
            content = operation["requestBody"]["content"]["application/json"]
            assert content["examples"], path
            for example in content["examples"].values():
                jsonschema.validate(example["value"], schema_of(document, content))
                seen += 1
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate({"surprise": 1}, schema_of(document, content))
    assert seen == 30


async def test_every_operation_of_the_api_documents_its_problems_and_its_security(door: FrontDoor) -> None:
    document = await openapi(door)
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["tags"], path
            if not path.startswith("/api/"):
                continue
            assert operation["security"] == [{"HTTPBearer": []}]
            for status in ("401", "403", "413", "422", "503"):
                content = operation["responses"][status]["content"]["application/problem+json"]
                jsonschema.validate(content["example"], schema_of(document, content))
            if operation.get("requestBody"):
                content = operation["responses"]["400"]["content"]["application/problem+json"]
                jsonschema.validate(content["example"], schema_of(document, content))
    assert set(api_examples.PROBLEMS) == {400, 401, 403, 404, 409, 410, 413, 422, 503}


@pytest.mark.parametrize("name", ["smallest", "whole"])
async def test_the_examples_of_opening_a_ticket_work(door: FrontDoor, name: str) -> None:
    door.desk.tickets.clear()
    assert (await door.api("POST", "", api_examples.NEW_TICKET[name]["value"])).status_code == 201
