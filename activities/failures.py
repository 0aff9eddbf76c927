"""How a failed call to the outside becomes a failed activity, so that Temporal retries what is worth it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited, place_of

logger = logging.getLogger("tierline.activities")

PERMANENT = "PermanentFailure"
NOT_CONFIGURED = "NotConfigured"
LOCKED_OUT = "CredentialsRefused"
"""The failure's type where the outside does not take our credentials, and whoever asked wants to wait until somebody has renewed them."""
CREDENTIALS_RETRY = timedelta(minutes=1)
"""How long to wait before credentials that were refused are tried again: seldom enough not to be locked out for it."""
FAULT = "Fault"
"""The failure's type where Tierline itself cannot do what it was asked to."""
_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_ATTEMPTS_OF_A_FAULT = 3
"""A fault that what was sent brings about comes again each time; one that the outside brought about may not."""
_UNAUTHORIZED = 401
_CREDENTIALS = frozenset({_UNAUTHORIZED, 403})


@contextmanager
def classified(*, waits_for_credentials: bool = False) -> Iterator[None]:
    """Translate ``integrations.errors``: permanent ones are not retried, a rate limit sets the next delay.

    What is no such error and no failure of the network is a fault of Tierline's own. After a few attempts it is permanent: retried for
    ever, it would hold up everything behind it.

    With ``waits_for_credentials`` a status of 401 is no refusal: it ends the round at once, and a lane tries again when it was told to.

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
        if waits_for_credentials and error.status == _UNAUTHORIZED:
            raise ApplicationError(
                str(error), type=LOCKED_OUT, non_retryable=True, next_retry_delay=CREDENTIALS_RETRY
            ) from None
        code = error.code or (str(error.status) if error.status is not None else None)
        # A refusal is told in the ticket; one of our own credentials is the operator's to mend, and stands in the log too.
        ours = error.status in _CREDENTIALS
        category = ApplicationErrorCategory.UNSPECIFIED if ours else ApplicationErrorCategory.BENIGN
        raise ApplicationError(str(error), code, type=PERMANENT, non_retryable=True, category=category) from None
    except PassingFailure as error:
        raise ApplicationError(str(error), type=PassingFailure.__name__) from None
    except IntegrationError as error:
        raise ApplicationError(str(error), type=IntegrationError.__name__) from None
    except OSError:
        raise
    except _FAULTS as error:
        what, info = f"{type(error).__name__} at {place_of(error)}", activity.info()
        logger.error("activity failed activity=%s attempt=%d error=%s", info.activity_type, info.attempt, what)  # noqa: TRY400
        raise ApplicationError(
            f"Tierline cannot do this ({what}); report it as a bug of Tierline",
            type=FAULT,
            non_retryable=info.attempt >= _ATTEMPTS_OF_A_FAULT,
        ) from None


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
