"""How a failed call to the outside becomes a failed activity, so that Temporal retries what is worth it."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited

PERMANENT = "PermanentFailure"
NOT_CONFIGURED = "NotConfigured"
_CREDENTIALS = frozenset({401, 403})


@contextmanager
def classified() -> Iterator[None]:
    """Translate ``integrations.errors``: permanent ones are not retried, a rate limit sets the next delay.

    Raises:
        ApplicationError: with the failure's class as its type and, as its one detail, the outside's own short code (or None).
    """
    try:
        yield
    except RateLimited as error:
        raise ApplicationError(
            str(error),
            type=RateLimited.__name__,
            next_retry_delay=error.retry_after,
            category=ApplicationErrorCategory.BENIGN,
        ) from None
    except PermanentFailure as error:
        code = error.code or (str(error.status) if error.status is not None else None)
        # A refusal is told in the ticket; one of our own credentials is the operator's to mend, and stands in the log too.
        ours = error.status in _CREDENTIALS
        category = ApplicationErrorCategory.UNSPECIFIED if ours else ApplicationErrorCategory.BENIGN
        raise ApplicationError(str(error), code, type=PERMANENT, non_retryable=True, category=category) from None
    except PassingFailure as error:
        raise ApplicationError(str(error), type=PassingFailure.__name__) from None
    except IntegrationError as error:
        raise ApplicationError(str(error), type=IntegrationError.__name__) from None


def not_configured(system: str, variable: str) -> ApplicationError:
    """The refusal of an activity whose outside system nobody has set up."""
    return ApplicationError(
        f"{system} is not set up: set {variable}",
        type=NOT_CONFIGURED,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )


def repeated(recheck: bool) -> bool:
    """Whether an earlier attempt may have done the work already: then look before doing it again."""
    return recheck or activity.info().attempt > 1
