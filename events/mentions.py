"""Names that a journal record mentions: grants, conventions, payment orders, acts, beneficiaries.

The one definition for the read model's index (`mentions`) and for traces.
"""

from typing import Final, NamedTuple

from events.deliberations import DeliberationAdopted
from events.journal import Act, Event, Record

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
    conventions = {data.convention}
    if event.type == DeliberationAdopted.TYPE and data.role == "award":
        # Without a convention the award stands for one (rules, 13).
        conventions.add(data.grant if data.requires_convention is False else None)
    if not isinstance(data.carry_over, str):
        conventions |= {each.convention for each in data.carry_over}
    return Names(
        _some(*conventions),
        _some(data.grant),
        _some(data.payment_order),
        _numbers(data.act, *data.acts),
        _some(None if data.beneficiary is None else data.beneficiary.siret),
    )


def touched(record: Record) -> frozenset[str]:
    """Conventions whose money or orders a record changed."""
    moved = [move.convention for move in record.moves or ()]
    return _some(*moved, *(order.convention for order in record.payment_orders or ()))


def mentions_of(record: Record) -> frozenset[Mention]:
    """All names under which a record is found; its event's own id is in the record itself."""
    event = record.event
    if event is None:
        return frozenset()
    names, about = names_of(event), event.data.event
    orders = names.orders | {each.payment_order for each in record.payment_orders or ()}
    renamed = record.renamed
    conventions = names.conventions | touched(record) | renamed.keys() | {*renamed.values()}
    conventions |= {order_parts(each).convention for each in orders}
    # Instalments that a grant had before its convention was signed bear its name (rules, 13).
    instalments = (move.instalment or "" for move in record.moves or ())
    conventions |= {order_parts(each).convention for each in instalments if "/" in each}
    found = {
        "convention": conventions,
        "grant": names.grants,
        "payment_order": orders,
        "act": names.acts,
        "beneficiary": names.sirets,
        "event": _some(None if about is None else about.id),
    }
    return frozenset(Mention(kind, each) for kind, ids in found.items() for each in ids)


def _numbers(*acts: Act | None) -> frozenset[str]:
    return _some(*(None if act is None else act.number for act in acts))


def _some(*names: str | None) -> frozenset[str]:
    return frozenset(name for name in names if name is not None)
