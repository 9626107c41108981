"""A check and its result: OK, or what to do, or not known. Pure."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from events.texts import Translatable, _


class State(StrEnum):
    """The result of a check."""

    OK = "ok"
    TROUBLE = "trouble"
    """A person must do something; the text says what."""
    UNKNOWN = "unknown"
    """It could not be made: never as good as OK."""


class Part(StrEnum):
    """The part of a deployment that is examined, in the order of the output."""

    SETTINGS = "settings"
    KAFKA = "kafka"
    LEDGER = "ledger"
    CONSUMERS = "consumers"
    DATABASES = "databases"
    CERTIFICATES = "certificates"


class Check(NamedTuple):
    """One line of the examination."""

    part: Part
    name: str
    """The name of the check for programs, such as `topics`."""
    state: State
    text: Translatable
    where: str | None = None
    """What it is about, where there are several: a topic, a partition, a database, a file."""


NO_ANSWER: Final = _("no answer in {limit_s:g} s")
NOT_MADE: Final = _("not known as long as it does not answer")


def ok(part: Part, name: str, text: Translatable, where: str | None = None) -> Check:
    """A check that found nothing to do."""
    return Check(part, name, State.OK, text, where)


def trouble(part: Part, name: str, text: Translatable, where: str | None = None) -> Check:
    """A check that needs a person."""
    return Check(part, name, State.TROUBLE, text, where)


def unknown(part: Part, name: str, text: Translatable, where: str | None = None) -> Check:
    """A check that could not be made."""
    return Check(part, name, State.UNKNOWN, text, where)


def not_made(part: Part, names: Iterable[str], where: str) -> list[Check]:
    """Checks that depend on something that does not answer."""
    return [unknown(part, each, NOT_MADE, where) for each in names]


def count(checks: Iterable[Check], state: State) -> int:
    """The number of checks with this result."""
    return sum(each.state is state for each in checks)
