"""Names that a journal record mentions: grants, conventions, payment orders, acts, beneficiaries.

The one definition for the read model's index (`mentions`) and for traces.
"""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from events.deliberations import DeliberationAdopted
from events.envelope import CORRECTION
from events.journal import Event, EventData, Record

NONE: Final[frozenset[str]] = frozenset()


class Names(NamedTuple):
    """Names that an event states itself; those that it moves are in its record."""

    conventions: frozenset[str] = NONE
    grants: frozenset[str] = NONE
    orders: frozenset[str] = NONE
    acts: frozenset[str] = NONE
    """Numbers of acts: an act without one cannot be looked up."""
    sirets: frozenset[str] = NONE


class Mention(NamedTuple):
    """A name that a record mentions; `kind` is the name of a kind of reference."""

    kind: str
    id: str


class OrderParts(NamedTuple):
    """The instalment of a convention that a payment order pays; neither has a slash in it."""

    convention: str
    instalment: str


def order_parts(payment_order: str) -> OrderParts:
    """Parts of an order's id: `<convention>/<instalment>`, maybe with `/2` behind it."""
    convention, _, behind = payment_order.partition("/")
    return OrderParts(convention, behind.partition("/")[0])


def names_of(event: Event) -> Names:
    """Names that an event states."""
    data = event.data
    return Names(
        _some({data.convention, *_other_conventions(event)}),
        _some({data.grant}),
        _some({data.payment_order}),
        _some(_act_numbers(data)),
        _some({None if data.beneficiary is None else data.beneficiary.siret}),
    )


def list_changed_conventions(record: Record) -> frozenset[str]:
    """Conventions whose money or orders a record changed."""
    conventions = {move.convention for move in record.moves or ()}
    conventions.update(order.convention for order in record.payment_orders or ())
    return _some(conventions)


def mentions_of(record: Record, known: Collection[str | None] = ()) -> list[Mention]:
    """All names under which a record is found but those `known`; its event's own id is in it.

    Written out, set by set: the read model asks it of every record, and knows most names already.
    """
    event = record.event
    if event is None:
        return []
    data = event.data
    named: list[tuple[str, str | None]] = []
    conventions: set[str | None] = {data.convention}
    if data.carry_over or data.role is not None:
        conventions.update(_other_conventions(event))
    for move in record.moves or ():
        conventions.add(move.convention)
        # A grant's instalment from before its convention was signed bears its name (rules, 13).
        if move.instalment is not None and "/" in move.instalment:
            conventions.add(order_parts(move.instalment).convention)
    orders: set[str | None] = {data.payment_order}
    for order in record.payment_orders or ():
        orders.add(order.payment_order)
        conventions.add(order.convention)
    for each in orders:
        if each is not None:
            conventions.add(each.partition("/")[0])
            named.append(("payment_order", each))
    if record.review_flags:
        conventions.update(*record.renamed.items())
    named += [("convention", each) for each in conventions]
    named.append(("grant", data.grant))
    if data.act is not None or data.acts:
        named += [("act", each) for each in _act_numbers(data)]
    if data.beneficiary is not None:
        named.append(("beneficiary", data.beneficiary.siret))
    if data.event is not None:
        named.append(("event", data.event.id))
    if event.causationid is not None and record.event_source == CORRECTION:
        named.append(("event", event.causationid))
    return [Mention(kind, name) for kind, name in named if name is not None and name not in known]


def _other_conventions(event: Event) -> Iterable[str | None]:
    """Conventions that an event names beside its own."""
    data = event.data
    if data.role == "award" and data.requires_convention is False:
        # Without a convention the award stands for one (rules, 13).
        return (data.grant,) if event.type == DeliberationAdopted.TYPE else ()
    return () if isinstance(data.carry_over, str) else [each.convention for each in data.carry_over]


def _act_numbers(data: EventData) -> set[str | None]:
    return {None if data.act is None else data.act.number, *(each.number for each in data.acts)}


def _some(names: set[str | None]) -> frozenset[str]:
    names.discard(None)
    return frozenset(names)  # type: ignore[arg-type] # none of them is None
