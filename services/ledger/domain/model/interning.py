"""One copy of what is equal: a city's conventions name the same few lines thousands of times.

Nothing here changes a value; it only lets equal ones be the same object, which halves the memory
of a convention line (docs/decisions/0007-memory.md).
"""

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar

Value = TypeVar("Value", bound=Hashable)
Key = TypeVar("Key")
Known = TypeVar("Known")


@lru_cache(maxsize=1024, typed=True)
def _first_of_equals(value: Any) -> Any:
    return value


def interned(value: Value) -> Value:
    """The first of equal values, of those asked for last: days, acts, documents."""
    copy: Value = _first_of_equals(value)
    return copy


EMPTY: Final[Mapping[Any, Any]] = {}
"""The one empty mapping: most conventions have no recovery, and each empty one takes 64 bytes.

What is a Mapping in the state is therefore never changed, but made anew.
"""


def empty() -> Mapping[Any, Any]:
    """The one empty mapping, as a default of a struct's member."""
    return EMPTY


def without(known: Mapping[Key, Known], key: Key) -> Mapping[Key, Known]:
    """What is known, but for one key."""
    return {each: value for each, value in known.items() if each != key} or EMPTY
