"""JSON pointers (RFC 6901), read strictly: what a reason names must be there to be found."""

from typing import Any


def tokens(pointer: str) -> list[str]:
    """The steps of a pointer, without their escapes."""
    assert not pointer or pointer.startswith("/"), f"{pointer!r} is no JSON pointer"
    return [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]]


def step(value: Any, token: str) -> Any:
    """The member or element that a token names.

    Raises:
        LookupError: there is none.
    """
    match value:
        case dict():
            return value[token]
        case list():
            assert str(int(token)) == token, f"{token!r} is no index"
            return value[int(token)]
        case _:
            raise LookupError(f"{token!r} of a {type(value).__name__}")


def resolves(document: Any, pointer: str) -> bool:
    """Whether the pointer names something in the document."""
    try:
        for token in tokens(pointer):
            document = step(document, token)
    except LookupError:
        return False
    return True


def names_an_absent_member(document: Any, pointer: str) -> bool:
    """Whether the pointer names a member that an object of the document lacks, or has as null."""
    if not pointer:
        return False  # the whole document is there
    *parents, last = tokens(pointer)
    try:
        for token in parents:
            document = step(document, token)
    except LookupError:
        return False
    return isinstance(document, dict) and document.get(last) is None
