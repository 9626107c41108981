"""Parts of the published language, each written once: a struct to work with, a model to judge by.

The code behind the codec sees structs, which msgspec reads in a fraction of pydantic's time. The
pydantic model of each is made of the same fields, bounds and validators: it is what the schemas are
written from, and what gives every reason why a record is no event.
"""

from collections.abc import Callable
from functools import cache, reduce
from operator import or_
from types import GenericAlias, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Self,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema


class _Kind(msgspec.StructMeta):
    """Metaclass of parts: their fields, in the contract's order, are given by name."""

    def __new__(mcs, *of: Any, **config: Any) -> "_Kind":  # noqa: PYI034 # mypy allows no Self in a metaclass
        return super().__new__(mcs, *of, kw_only=True, **config)


# No part leads back to itself: the garbage collector has nothing to look for in one.
@dataclass_transform(frozen_default=True, kw_only_default=True)
class Part(msgspec.Struct, metaclass=_Kind, frozen=True, omit_defaults=True, gc=False):
    """A closed, frozen piece of an event: no unknown member, no conversion between types."""

    MODEL_CONFIG: ClassVar[ConfigDict] = {}
    """Settings of its pydantic model, beside those of every part's."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema of its model, followed by the step from an accepted model to the part."""
        model = handler.generate_schema(model_of(source))
        return core_schema.no_info_after_validator_function(cls.from_model, model)

    @classmethod
    def from_model(cls, model: BaseModel) -> Self:
        """Return the part with the same values as a model that pydantic accepted."""
        return cls(**model.__dict__)


@cache
def model_of(part: Any) -> type[BaseModel]:
    """The pydantic model of a part, or of a generic part with its argument."""
    kind: type[Part] = get_origin(part) or part
    arguments = dict(zip(getattr(kind, "__parameters__", ()), get_args(part), strict=False))
    hints = get_type_hints(kind, include_extras=True)
    fields: dict[str, Any] = {
        each.name: (
            pydantic_type(arguments.get(hints[each.name], hints[each.name])),
            ... if each.required else each.default,
        )
        for each in msgspec.structs.fields(kind)
    }
    names = [kind.__name__, *(each.__name__ for each in get_args(part))]
    config = ConfigDict(strict=True, validate_default=True, extra="forbid")
    return create_model(
        "[".join(names) + "]" * (len(names) - 1),
        __config__=config | kind.MODEL_CONFIG,
        __doc__=None if get_args(part) else kind.__doc__,
        __module__=kind.__module__,
        __validators__=_validators(kind),
        **fields,
    )


def _validators(kind: type[Part]) -> dict[str, Callable[..., Any]]:
    return {
        name: each
        for base in reversed(kind.__mro__)
        for name, each in vars(base).items()
        if hasattr(each, "decorator_info")
    }


def pydantic_type(hint: Any) -> Any:
    """A type of a field as pydantic reads it: msgspec's bounds become its own."""
    if get_origin(hint) is Annotated:
        kind, *metadata = get_args(hint)
        return Annotated[(pydantic_type(kind), *map(_convert_bounds, metadata))]
    if get_origin(hint) is tuple:
        # A list of JSON; nothing is said behind its first fault.
        items = GenericAlias(tuple, (pydantic_type(get_args(hint)[0]), ...))
        return Annotated[(items, Field(strict=False, fail_fast=True))]
    if get_origin(hint) in (Union, UnionType):
        return reduce(or_, map(pydantic_type, get_args(hint)))
    return hint


def _convert_bounds(metadata: Any) -> Any:
    if not isinstance(metadata, msgspec.Meta):
        return metadata
    names = ("ge", "le", "min_length", "max_length", "description")
    bounds = {name: getattr(metadata, name) for name in names}
    return Field(**{name: bound for name, bound in bounds.items() if bound is not None})
