"""What an engineering issue is made of: the facts that a template makes its text from, and the sections that a policy shares."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.frozen import Frozen
from domain.texts import Address, Key, Line, LongText, Name, Word


class IssueSection(StrEnum):
    """What of a ticket may reach the text of an issue; the policy says which (``engineering.shares``).

    - ``title``: the ticket's own title, mostly the customer's words; without it the issue is named after component and impact.
    - ``summary``: why it was escalated, and how customers can help themselves meanwhile.
    - ``impact``, ``reproduction``: what whoever escalated wrote down.
    - ``report``: what the customer wrote.
    - ``environment``: product, component, channel, language, and the versions that the report names.
    - ``evidence``: links to files of the thread and to the ticket's page; whoever opens one needs access there.
    - ``first_seen``: when the first ticket was opened.
    - ``customers``: how many customers of which plan.
    - ``tickets``: the tickets' numbers, with the help desk's own.
    """

    TITLE = "title"
    SUMMARY = "summary"
    IMPACT = "impact"
    REPRODUCTION = "reproduction"
    REPORT = "report"
    ENVIRONMENT = "environment"
    EVIDENCE = "evidence"
    FIRST_SEEN = "first_seen"
    CUSTOMERS = "customers"
    TICKETS = "tickets"


class Evidence(Frozen):
    """A file that belongs to a ticket, by its address, which asks whoever opens it for access."""

    name: Name
    url: Address


class PlanCount(Frozen):
    """How many customers of a plan are hit."""

    plan: Name
    customers: int


class IssueFacts(Frozen):
    """What a template of an issue's text can name: each field by its own name.

    Texts are redacted, and free of lines that would be headings or lists; what the policy does not share is None or empty.
    ``shows_page`` says whether the ticket's page may be linked; its address, ``page``, is known to whoever makes the text.
    """

    ticket: Annotated[Key, Field(description="The ticket's number.")]
    title: Annotated[Line, Field(description="The issue's title, without the ticket's number.")]
    priority: Annotated[Name, Field(description="The ticket's priority: P1 to P4.")]
    request: Annotated[Name, Field(description="bug or feature.")] = "bug"
    summary: Annotated[LongText | None, Field(description="Why it was escalated.")] = None
    impact: Annotated[LongText | None, Field(description="Who is hit, and how hard.")] = None
    reproduction: Annotated[LongText | None, Field(description="How it is seen: steps, expected, actual.")] = None
    report: Annotated[LongText | None, Field(description="What the customer wrote.")] = None
    answer: Annotated[LongText | None, Field(description="What the customer may be told meanwhile.")] = None
    product: Name | None = None
    component: Name | None = None
    channel: Annotated[Key | None, Field(description="How the customer wrote: api, mail, …")] = None
    language: Name | None = None
    versions: Annotated[tuple[Word, ...], Field(description="The versions that the texts name.")] = ()
    evidence: Annotated[tuple[Evidence, ...], Field(description="Files: each has `name` and `url`.")] = ()
    first_seen: Annotated[Name | None, Field(description="Such as 2026-11-21 09:30 UTC.")] = None
    customers: Annotated[tuple[PlanCount, ...], Field(description="Each has `plan` and `customers`.")] = ()
    tickets: Annotated[tuple[Key, ...], Field(description="The tickets' numbers.")] = ()
    reference: Annotated[Key | None, Field(description="The help desk's own number.")] = None
    workaround: Annotated[LongText | None, Field(description="How customers help themselves.")] = None
    shows_page: bool = False


TEMPLATE_NAMES = (*(name for name in IssueFacts.model_fields if name != "shows_page"), "page")
"""What a template may name; ``page`` is the address of the ticket's page, None where it is not shared."""
