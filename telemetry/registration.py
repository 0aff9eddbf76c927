"""Making the search attributes known to the server, which a worker does when it starts."""

from collections.abc import Iterable
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType as Kind
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from telemetry.search_attributes import REGISTRY

_WIRE: dict[Kind, "IndexedValueType.ValueType"] = {
    Kind.KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    Kind.KEYWORD_LIST: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    Kind.DATETIME: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    Kind.INT: IndexedValueType.INDEXED_VALUE_TYPE_INT,
}


async def register_search_attributes(client: Client) -> list[str]:
    """Add those of the registry that the namespace lacks, and return their names.

    Safe to run from several workers at once.
    """
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = [key for key in REGISTRY if key.name not in listed.custom_attributes]
    if not missing:
        return []
    try:
        await client.operator_service.add_search_attributes(adding(client.namespace, missing))
    except RPCError as error:
        # Another worker was quicker.
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
    return [key.name for key in missing]


def adding(namespace: str, keys: Iterable[SearchAttributeKey[Any]]) -> AddSearchAttributesRequest:
    """The request that adds these search attributes to a namespace."""
    return AddSearchAttributesRequest(
        namespace=namespace, search_attributes={key.name: _WIRE[key.indexed_value_type] for key in keys}
    )
