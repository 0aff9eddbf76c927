"""Whether Temporal says that a workflow or a schedule is gone: the one answer for everybody who asks."""

from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.service import RPCError, RPCStatusCode


def is_gone(error: RPCError) -> bool:
    """Whether there is no such workflow or schedule, or the workflow has ended.

    A server in trouble may say for a moment that the whole namespace is not found: that says nothing about a workflow.
    """
    namespace = NamespaceNotFoundFailure.DESCRIPTOR.full_name
    details = error.grpc_status.details
    return error.status is RPCStatusCode.NOT_FOUND and not any(
        detail.type_url.endswith(namespace) for detail in details
    )
