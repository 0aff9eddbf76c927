"""Who would be woken now: asked before anybody is."""

from domain.page_rules import PageTarget
from gateway.gateway import Gateway
from gateway.on_call_memory import OnCallAnswer
from integrations.errors import IntegrationError, RateLimited

# Slack wants its answer within three seconds, and a form is filled while somebody looks at it.
_PATIENCE_S = 2.0


async def on_call(gateway: Gateway, target: PageTarget) -> OnCallAnswer:
    """Who a page to ``target`` (``PageRules.target``) would wake now, within two seconds; it never fails.

    Answers are up to 30 s old.
    """
    pager = gateway.pager
    if pager is None:
        return OnCallAnswer(unknown="PagerDuty is not set up")
    try:
        return await gateway.on_calls.answer(
            target, lambda: pager.on_call(target.escalation_policy, service=target.service), _PATIENCE_S
        )
    except TimeoutError:
        return OnCallAnswer(unknown="PagerDuty did not answer in time")
    except RateLimited:
        return OnCallAnswer(unknown="PagerDuty asks us to wait")
    except IntegrationError as error:
        return OnCallAnswer(unknown=str(error))
