"""Examples for the API's description: a request of each kind, and each problem."""

from typing import Any

Examples = dict[str, Any]


def _one(summary: str, value: dict[str, Any]) -> Examples:
    return {"example": {"summary": summary, "value": value}}


NEW_TICKET: Examples = {
    "smallest": {
        "summary": "The least",
        "value": {
            "title": "Card payments fail",
            "description": "Since this morning every card payment ends with error 502.",
            "customer": {"id": "c-17", "name": "Contoso"},
        },
    },
    "whole": {
        "summary": "All fields",
        "value": {
            "ticket_id": "T-1042",
            "title": "Card payments fail",
            "description": "Since this morning every card payment ends with error 502.",
            "customer": {"id": "c-17", "name": "Contoso", "email": "it@contoso.example", "plan": "enterprise"},
            "priority": "P1",
            "product": "payments",
            "component": "checkout",
            "channel": "email",
            "language": "fr-BE",
            "external_ref": "ZD-98121",
            "request": "bug",
        },
    },
}
ACCEPT = _one("Nothing more to say", {})
REPLY = _one("An answer that waits for the customer", {"text": "Which browser do you use?", "awaits_customer": True})
NOTE = _one("A remark", {"text": "Seen at two other customers as well."})
ESCALATE: Examples = {
    "engineering": {"summary": "To engineering", "value": {"to": "L3", "reason": "The gateway answers 502."}},
    "report": {
        "summary": "With what the tier asks for",
        "value": {
            "to": "L3",
            "reason": "The gateway answers 502.",
            "priority": "P1",
            "report": {
                "component": "checkout",
                "impact": "No card payment of the last hour went through.",
                "reproduction": "Pay any basket by card: expected 200, seen 502.",
                "customer_summary": "Engineers are looking at the payments that fail.",
            },
        },
    },
    "vendor": {
        "summary": "To a vendor",
        "value": {"to": "L4", "vendor": "acquirer", "reason": "The acquirer declines every card."},
    },
}
RETURN = _one("Steps are missing", {"to": "L1", "reason": "Please ask for the steps to reproduce it."})
RESOLVE = _one("How it was solved", {"text": "The certificate is renewed; payments work again."})
REOPEN = _one("Not solved", {"reason": "It fails again for American Express."})
PRIORITY = _one("More urgent", {"priority": "P1"})
SNOOZE: Examples = {
    "length": {"summary": "For a while", "value": {"for": "2h", "reason": "The customer is in a meeting."}},
    "instant": {"summary": "Until an instant", "value": {"until": "2026-12-24T18:00:00+01:00"}},
}
MERGE = _one("The same problem", {"into": "T-1001", "reason": "the same outage"})
SPLIT = _one(
    "A second problem", {"title": "Invoices are late", "description": "Invoices come a day late.", "clocks": "split"}
)
HAND_OVER = _one("To the database team", {"to": "database", "reason": "The queries are slow."})
LINK: Examples = {
    "jira": {"summary": "A Jira issue", "value": {"reference": "PAY-12"}},
    "github": {"summary": "A GitHub issue", "value": {"reference": "acme/storefront#7"}},
}
WAIT = _one("For the customer's answer", {"on": "customer", "reason": "We need the terminal's number."})
CANCEL = _one("A duplicate", {"reason": "The same as T-1040."})
OPEN_ISSUE = _one("None of them is the same", {})
COMMENT: Examples = {
    "default": {"summary": "To whom the policy says", "value": {"text": "A second customer sees it with Firefox."}},
    "public": {"summary": "Everybody may read it", "value": {"text": "It begins with 4.2.", "visibility": "public"}},
}
KIND = _one("A wish", {"request": "feature"})
WORKAROUND: Examples = {
    "kept": {"summary": "How customers help themselves", "value": {"text": "Pay by bank transfer."}},
    "withdrawn": {"summary": "It does not hold any more", "value": {"text": None}},
}
ATTACH: Examples = {
    "newest": {"summary": "The newest file of the thread", "value": {}},
    "named": {"summary": "One by its name", "value": {"name": "trace.log"}},
}
CUSTOMER_MESSAGE = _one("The customer wrote", {"text": "It still fails.", "by": {"name": "Robin of Contoso"}})


def _problem(status: int, kind: str, title: str, detail: str, **more: Any) -> dict[str, Any]:
    return {
        "type": f"urn:tierline:problem:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "/api/v1/tickets/T-1042/escalate",
        **more,
    }


TICKET_ENDED = _problem(
    410,
    "ticket-ended",
    "Ticket ended before its time",
    "The workflow of ticket T-1042 was terminated on 2026-11-30 08:00:00 UTC, so nothing acts for the ticket any more; "
    "an operator can reopen it with `tierline doctor --reopen T-1042`.",
)
PROBLEMS: dict[int, dict[str, Any]] = {
    400: _problem(400, "unreadable-body", "The body cannot be read", "Send JSON in UTF-8."),
    401: _problem(401, "not-authenticated", "Not authenticated", "Send a token that the operator gave you."),
    403: _problem(
        403,
        "not-allowed",
        "Not allowed",
        "This token may not escalate a ticket: that is for support leads, engineers or operators.",
    ),
    404: _problem(404, "unknown-ticket", "Unknown ticket", "There is no ticket T-1042; check the number."),
    409: _problem(409, "refused", "Not possible now", "T-1042 is resolved: reopen it first"),
    410: _problem(
        410, "as-of-not-carried", "Too long ago", "T-1042 tells how it stood from 2026-11-02T08:00:00+00:00 on."
    ),
    413: _problem(413, "body-too-large", "The body is too large", "Send at most 1048576 bytes."),
    422: _problem(
        422,
        "invalid",
        "The request is not valid",
        "Correct the fields named in errors.",
        errors=[{"field": "/reason", "message": "Field required"}],
    ),
    503: _problem(
        503,
        "unavailable",
        "Not available now",
        "Tierline cannot reach its workflows at the moment; send the same request again shortly.",
    ),
}
