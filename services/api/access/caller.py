"""Callers and their rights, each for some public entities; the port that knows callers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, Self

from events.texts import Translatable

SIRET_DIGITS: Final = 14
ALL: Final = "all"
"""Name of all entities, where a SIRET could stand."""


class Scope(StrEnum):
    """A right. None contains another."""

    READ = "read"
    """See balances, grants, orders, the journal; IBANs masked."""

    PUBLISH = "publish"
    """Send events."""

    OPERATE = "operate"
    """Reveal an IBAN, see the bytes of dead letters, send them again."""

    TREASURY = "treasury"
    """Prepare, issue and export slips, whose files hold whole IBANs; post returns, close
    findings."""


@dataclass(frozen=True, slots=True)
class Entities:
    """Public entities: those named, by SIRET, or every one."""

    every: bool = False
    named: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """The entities that stand for `names`: SIRETs, or "all".

        Raises:
            ValueError: a word is neither; it is the error's argument.
        """
        names = frozenset(names)
        for entity in sorted(names - {ALL}):
            if len(entity) != SIRET_DIGITS or not (entity.isascii() and entity.isdigit()):
                raise ValueError(entity)
        return cls(ALL in names, names - {ALL})

    def names(self) -> list[str]:
        """As `of` reads it."""
        return [ALL] if self.every else sorted(self.named)

    @property
    def sirets(self) -> frozenset[str] | None:
        """Their SIRETs, as questions to the read model take them: None stands for all."""
        return None if self.every else self.named

    def include(self, entity: str) -> bool:
        return self.every or entity in self.named

    def __bool__(self) -> bool:
        """True if there is any."""
        return self.every or bool(self.named)


NOBODY: Final = Entities()
EVERYBODY: Final = Entities(every=True)


def entity_of(budget: str) -> str:
    """The SIRET at the head of a budget's id; of a chain of dead letters, no entity's."""
    return budget[:SIRET_DIGITS]


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller."""

    name: str
    """As logs and the audit call them: `key:<id>`, `oidc:<subject>`; never a secret."""
    rights: Mapping[Scope, Entities] = field(default_factory=dict)
    label: str = ""
    """The name that people see."""
    publish_types: frozenset[str] | None = None
    """The types of events that they may send; None stands for all."""

    def entities(self, scope: Scope) -> Entities:
        """The entities for which they have the right."""
        return self.rights.get(scope, NOBODY)

    def may_send(self, event_type: str) -> bool:
        """True if they may send events of this type, of the entities for which they publish."""
        return self.publish_types is None or event_type in self.publish_types

    def may(self, scope: Scope, budget: str) -> bool:
        return self.entities(scope).include(entity_of(budget))


ANYBODY: Final = Caller("anybody", dict.fromkeys(Scope, EVERYBODY))
"""Whoever asks, where access is not checked."""


class NotKnown(Exception):
    """A credential that is not, or not any more, anybody's; why, for people: never what it was.

    Made anew each time it is raised: an error that is kept holds all requests that it has met.
    """

    def __init__(self, reason: str, why: Translatable) -> None:
        super().__init__(reason)
        self.reason = reason
        """Stable, for logs and tests."""
        self.why = why


class Access(Protocol):
    """Knows callers by what they present."""

    @property
    def checks(self) -> bool:
        """True if anything is checked at all."""

    async def by_bearer(self, credential: str) -> Caller:
        """Whoever holds this key or token.

        Raises:
            NotKnown: nobody does, or not now.
        """

    async def by_session(self, cookie: str, *, by_person: bool = True) -> tuple[Caller, str]:
        """Whoever logged in to the console with this session, and its CSRF token.

        Args:
            cookie: the session's.
            by_person: False of a request that an open page makes by itself.

        Raises:
            NotKnown: the session is not one of ours, or has ended.
        """

    async def find_ended(self, credentials: frozenset[str]) -> frozenset[str]:
        """Return the ids of keys and digests of sessions, of these, that give access no more."""

    async def log_in(self, credential: str) -> tuple[Caller, str]:
        """A session of the console for whoever holds this key: the caller, and the cookie.

        Raises:
            NotKnown: it is no key in force.
        """

    async def log_out(self, cookie: str) -> str | None:
        """End this session; the ID token with which it was opened, if an identity provider did."""
