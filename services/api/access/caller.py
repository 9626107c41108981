"""Callers, their rights and roles; the ports by which they are known and their acts are audited."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol, Self, get_args

from events.envelope import INBOUND, INTERNAL_EVENTS
from events.follow_up import ReviewEvent
from events.payments import PaymentExecuted, PaymentOrderAcknowledged, RecoveryCollected
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
    """Public entities: the members, by SIRET, or every one."""

    every: bool = False
    members: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, names: Iterable[str]) -> Self:
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
        return [ALL] if self.every else sorted(self.members)

    @property
    def sirets(self) -> frozenset[str] | None:
        """SIRETs of the entities, as queries of the read model take them: None stands for all."""
        return None if self.every else self.members

    def include(self, entity: str) -> bool:
        return self.every or entity in self.members

    def __bool__(self) -> bool:
        """True if there is any."""
        return self.every or bool(self.members)


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

    async def find_by_bearer(self, credential: str) -> Caller:
        """Whoever holds this key or token.

        Raises:
            NotKnown: nobody does, or not now.
        """

    async def find_by_session(self, cookie: str, *, by_person: bool = True) -> tuple[Caller, str]:
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


SENDABLE: Final = frozenset(each.TYPE for each in INBOUND) - INTERNAL_EVENTS
"""The types that anybody sends."""

ACCOUNTANT: Final = frozenset(
    each.TYPE for each in (PaymentOrderAcknowledged, PaymentExecuted, RecoveryCollected)
)
"""Types of events by which the accountant answers."""

ROLES: Final = {
    "ordonnateur": SENDABLE - ACCOUNTANT,
    # Each reviews what became of its own events.
    "comptable": ACCOUNTANT | {each.TYPE for each in get_args(ReviewEvent)},
}


def is_role_or_type(name: str) -> bool:
    """True if a key may be made for a role or type of this name."""
    return name in ROLES or name in SENDABLE


def types_of(names: Iterable[str]) -> frozenset[str]:
    """The types of events that these names stand for: roles, or types themselves."""
    return frozenset().union(*(ROLES.get(name, {name}) for name in names))


class Action(StrEnum):
    """Audited actions."""

    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    KEY_ROTATED = "key_rotated"
    SESSION_OPENED = "session_opened"
    IBAN_REVEALED = "iban_revealed"
    BYTES_SHOWN = "bytes_shown"
    EVENT_PUBLISHED = "event_published"
    DEAD_LETTER_REDRIVEN = "dead_letter_redriven"
    WEBHOOK_ADDED = "webhook_added"
    WEBHOOK_REMOVED = "webhook_removed"
    ORDER_CONFIRMED = "order_confirmed"
    SLIP_PREPARED = "slip_prepared"
    SLIP_ISSUED = "slip_issued"
    SLIP_EXPORTED = "slip_exported"
    SLIP_CANCELLED = "slip_cancelled"
    RETURN_TAKEN = "return_taken"
    FINDING_CLOSED = "finding_closed"


class Audit(Protocol):
    """Keeps audit lines."""

    async def write(
        self,
        actor: str,
        action: Action,
        subject: str,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a line, durably: before the act it tells of, so that none goes untold.

        Args:
            actor: the caller's name, or the system account that ran the command.
            action: the act.
            subject: the id of a key, a webhook, a slip or a finding, `<budget>/<SIRET>` of an
                account, `<topic>/<partition>/<offset>`, `<budget>/<source>/<id>` of an event that a
                form made, `_dead.<partition>/<number>` of a dead letter, `<budget>/<type>` of a
                slip to be prepared, `<budget>/<order>` of one that is confirmed, the name of
                a return's file.
            facts: never what was revealed; accounts in them, and in the subject, are shortened.

        Raises:
            Problem: it cannot be kept; then the act must not happen.
        """
