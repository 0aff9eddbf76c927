"""How values travel through Temporal: as pydantic's JSON, read by whatever version of Tierline runs.

Two versions run side by side during an upgrade, and an older one may take over again. A field that the reader does not know is
therefore left out, in messages as in stored states. The models stay strict for everybody else: the REST API and the policy file
refuse what they do not know.
"""

from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)

_adapter = lru_cache(maxsize=1024)(TypeAdapter)


class _TolerantJson(PydanticJSONPlainPayloadConverter):
    """Pydantic's JSON; reading leaves out the fields that a model does not know."""

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """The value.

        Raises:
            ValidationError: it is no such value, or one of a kind that this version does not know.
        """
        adapter: TypeAdapter[Any] = _adapter(Any if type_hint is None else type_hint)
        return adapter.validate_json(payload.data, extra="ignore")


class TolerantPayloadConverter(CompositePayloadConverter):
    """Temporal's own converters, with this JSON in the place of theirs."""

    def __init__(self) -> None:
        super().__init__(
            *(
                _TolerantJson() if isinstance(converter, JSONPlainPayloadConverter) else converter
                for converter in DefaultPayloadConverter.default_encoding_payload_converters
            )
        )


data_converter = DataConverter(payload_converter_class=TolerantPayloadConverter)
"""What every Temporal client of Tierline is made with."""
