"""What a field's annotation is once ``Annotated``, ``| None`` and collections are taken off."""

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def bare(annotation: Any) -> Any:
    """Without ``Annotated`` and ``| None``."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in {Union, types.UnionType}:
            annotation = next(part for part in get_args(annotation) if part is not type(None))
        else:
            return annotation


def as_model(annotation: Any) -> type[BaseModel] | None:
    """The model that the annotation is, if it is one."""
    annotation = bare(annotation)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model that the annotation is, or holds as the values of a mapping or list."""
    annotation = bare(annotation)
    if get_origin(annotation) is dict:
        return as_model(get_args(annotation)[1])
    if get_origin(annotation) in {tuple, list, frozenset}:
        return as_model(get_args(annotation)[0])
    return as_model(annotation)
