"""The text of an engineering issue: a Jinja template over the facts of a ticket, the policy's own or the one that stands here.

A template is tried when the policy is loaded, with every fact there is and with none: a mistake is told with its line, not at three in the
morning. It runs in Jinja's sandbox, and nothing in it is escaped: it makes plain text, in which a line ``## …`` is a heading and a line
``- …`` a list's item. The facts hold no such lines.
"""

import logging
import re
from collections.abc import Iterator
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.issue_facts import TEMPLATE_NAMES, Evidence, IssueFacts, PlanCount

logger = logging.getLogger("tierline.issue_text")

DEFAULT_TEMPLATE = """\
{% if summary %}
## Summary
{{ summary }}
{% endif %}
{% if impact %}
## Impact
{{ impact }}
{% endif %}
{% if reproduction %}
## How to reproduce it
{{ reproduction }}
{% endif %}
{% if report %}
## What the customer reports
{{ report }}
{% endif %}
{% if answer %}
## What the customer may read
{{ answer }}
{% endif %}
{% if workaround %}
## Workaround
{{ workaround }}
{% endif %}
{% if product or component or channel or language or versions %}
## Environment
{% if product %}
- Product: {{ product }}
{% endif %}
{% if component %}
- Component: {{ component }}
{% endif %}
{% if versions %}
- Versions: {{ versions | join(", ") }}
{% endif %}
{% if channel %}
- Reported through: {{ channel }}
{% endif %}
{% if language %}
- Customer's language: {{ language }}
{% endif %}
{% endif %}
{% if evidence or page %}
## Evidence (whoever opens it needs access there)
{% for file in evidence %}
- {{ file.name }}: {{ file.url }}
{% endfor %}
{% if page %}
- Every step of the ticket: {{ page }}
{% endif %}
{% endif %}
{% if first_seen or customers or tickets %}
## Facts
- Priority: {{ priority }}
{% if first_seen %}
- First seen: {{ first_seen }}
{% endif %}
{% for one in customers %}
- Customers on {{ one.plan }}: {{ one.customers }}
{% endfor %}
{% if tickets %}
- Tickets: {{ tickets | join(", ") }}{{ " (help desk: " ~ reference ~ ")" if reference else "" }}
{% endif %}
{% endif %}

Comments here reach the support team, not the customer. Moving this issue moves the ticket.
"""
LONGEST_TEXT = 30_000
"""Jira takes 32,767 characters (https://confluence.atlassian.com/jirakb), GitHub 65,536; what the clients add must find room."""

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    autoescape=False,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
    finalize=lambda value: "" if value is None else value,
)
_SAMPLE = IssueFacts(
    ticket="T-1042",
    title="Card payment fails",
    priority="P2",
    summary="Every card payment fails since this morning.",
    impact="All tills of three shops.",
    reproduction="Pay by card; error 502.",
    report="We cannot take cards.",
    answer="We are at it.",
    product="payments",
    component="cards",
    channel="mail",
    language="en",
    versions=("version 4.2",),
    evidence=(Evidence(name="screen.png", url="https://files.example/screen.png"),),
    first_seen="2026-11-21 09:30 UTC",
    customers=(PlanCount(plan="gold", customers=1),),
    tickets=("T-1042",),
    reference="HD-7",
    workaround="Take cash.",
    shows_page=True,
)
_BARE = IssueFacts(ticket="T-1042", title="Card payment fails", priority="P2")
"""What is left where the policy shares nothing."""


def issue_text(template: str | None, facts: IssueFacts, page: str | None) -> str:
    """The text of an issue.

    Args:
        template: the policy's own, or None for ``DEFAULT_TEMPLATE``.
        facts: what it may say; redacted.
        page: the address of the ticket's page, which is left out where the facts do not show it.

    Returns:
        Plain text of at most ``LONGEST_TEXT`` characters. A template that fails (it was never loaded with a policy's file) is told in the
        log, and the default one stands in: an issue is opened in any case.
    """
    shown = page if facts.shows_page else None
    if template is not None:
        try:
            return _rendered(template, facts, shown)
        except Exception as error:
            # A template of a policy that came through no file; its exception may hold what somebody wrote.
            logger.error("the policy's issue template failed (%s): the default one is used", type(error).__name__)  # noqa: TRY400
    return _rendered(DEFAULT_TEMPLATE, facts, shown)


def template_problems(template: str) -> Iterator[tuple[int, str]]:
    """What is wrong with a policy's template: the line in it, from 1, and a sentence."""
    try:
        parsed = _ENVIRONMENT.parse(template)
        unknown = meta.find_undeclared_variables(parsed) - {*TEMPLATE_NAMES, *_ENVIRONMENT.globals}
    except TemplateSyntaxError as error:
        yield error.lineno, f"not a Jinja template: {error.message}"
        return
    for name in sorted(unknown):
        yield _line_of(template, name), f"there is no {name!r} to name; there is {', '.join(TEMPLATE_NAMES)}"
    if unknown:
        return
    for facts in (_SAMPLE, _BARE):
        try:
            text = _rendered(template, facts, "https://temporal.example/ticket" if facts.shows_page else None)
        except TemplateError as error:
            yield _failing_line(error), f"it cannot be filled in: {error.message or type(error).__name__}"
            return
        except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
            yield _failing_line(error), f"it cannot be filled in: {error}"
            return
        if facts is _SAMPLE and not text:
            yield 1, "it makes an empty text: name some of the facts"
            return


def _rendered(template: str, facts: IssueFacts, page: str | None) -> str:
    names: dict[str, Any] = {name: getattr(facts, name) for name in TEMPLATE_NAMES if name != "page"}
    text = _ENVIRONMENT.from_string(template).render(names, page=page)
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    # A heading that nothing parts from what stands above it is still one.
    parted = re.sub(r"(?<!\n)\n(?=## )", "\n\n", lines)
    return re.sub(r"\n{3,}", "\n\n", parted).strip()[:LONGEST_TEXT]


def _line_of(template: str, name: str) -> int:
    found = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", template)
    return template.count("\n", 0, found.start()) + 1 if found is not None else 1


def _failing_line(error: BaseException) -> int:
    """The template's line in the traceback, as Jinja rewrites it; 1 where it does not tell."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
