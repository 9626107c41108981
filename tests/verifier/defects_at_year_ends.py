"""Defects at the end of a year: what was closed, carried over and written to the next one."""

from events.topics import INTERNAL_EVENTS, JOURNAL
from services.verifier.records import canonical, sha256_hex
from tests.builders import Json, encoded
from tests.verifier.memory_cluster import MemoryCluster, Sent
from tests.verifier.planting import (
    Planted,
    Which,
    find,
    forge,
    forged,
    of_kind,
    reseal,
    rows,
    without,
)

CLOSED = of_kind("fiscal-year.closed")
OPENED = of_kind("fiscal-year.opened")
WAITED = of_kind("convention.notified", "refused")
LATE = of_kind("budget.voted", "refused")


def of_the_open_order(name: str) -> Which:
    """What the treasury says of the order that is still open at closing."""
    return lambda row: (
        of_kind(name)(row) and bool(row["event"]["data"]["payment_order"] == "Y/first")
    )


def late_vote(row: Json) -> bool:
    return LATE(row) and bool(row["refusal"]["code"] == "fiscal_year_closed")


def shared_otherwise(row: Json) -> None:
    """A cent that is carried over lapses instead, and its entries say so."""
    [carried] = [move for move in row["moves"] if move["to"] == "carried_over"]
    carried["to"] = "available"
    [entry] = [each for each in row["commitment_entries"] if each["kind"] == "carry_over"]
    entry["kind"] = "decommitment"


def reported_otherwise(cluster: MemoryCluster) -> None:
    """An internal event with other content, on its topic and in the journal, hashes and all."""
    row = rows(cluster)[find(cluster, OPENED)]
    event, source = row["event"], row["source"]
    event["data"]["paid_cents"] += 1
    raw = encoded(event)
    printed = {name: event[name] for name in ("type", "time", "data")}
    hashes = {"event_sha256": sha256_hex(raw), "digest": sha256_hex(canonical(printed))}
    forge(cluster, OPENED, lambda row: row.update(event=event, **hashes))
    records = cluster.topics[INTERNAL_EVENTS, source["partition"]]
    at = next(n for n, each in enumerate(records) if each.offset == source["offset"])
    records[at] = records[at]._replace(value=raw)


def written_twice(cluster: MemoryCluster) -> None:
    """A closing that is decided again writes its internal events again.

    A duplicate, and yet a defect.
    """
    internal_event = cluster[INTERNAL_EVENTS][-1]
    cluster.tell(
        [
            Sent(
                internal_event.value,
                internal_event.key,
                internal_event.headers,
                internal_event.partition,
                INTERNAL_EVENTS,
            )
        ]
    )


def cut(cluster: MemoryCluster, which: Which) -> None:
    """A record that was taken out of a journal, the chain made whole again."""
    without(cluster, JOURNAL, find(cluster, which))
    reseal(cluster)


def never_opened(cluster: MemoryCluster) -> None:
    """An internal event that was neither written nor read."""
    where = find(cluster, OPENED)
    source = rows(cluster)[where]["source"]
    records = cluster.topics[INTERNAL_EVENTS, source["partition"]]
    records[:] = [each for each in records if each.offset != source["offset"]]
    cut(cluster, OPENED)


YEAR_ENDS = [
    Planted(
        "what was carried over lapses",
        lambda cluster: forge(cluster, CLOSED, shared_otherwise),
        "moves_differ message_differs balance_differs",
    ),
    Planted(
        "a reserve lapses in part",
        forged(CLOSED, "moves", -1, "amount_cents", value=1),
        "moves_differ",
        "entries_differ balance_differs sums_differ below_zero",
    ),
    Planted(
        "an entry of what lapses rests on another act",
        forged(CLOSED, "commitment_entries", -1, "act", "date", value="2020-01-01"),
        "entries_differ message_differs",
    ),
    Planted(
        "what came too late is accepted",
        forged(late_vote, "outcome", value="accepted"),
        "closing_ignored outcome_malformed",
        "moves_differ message_unexpected balance_missing credit_exceeded",
    ),
    Planted(
        "what came too late is refused for another reason",
        forged(late_vote, "refusal", "code", value="insufficient_credit"),
        "closing_ignored message_differs",
    ),
    Planted(
        "an open order's payment is refused as too late",
        lambda cluster: forge(
            cluster,
            of_the_open_order("payment.executed"),
            lambda row: row.update(
                outcome="refused",
                refusal={"code": "fiscal_year_closed", "facts": {}},
                moves=None,
                payment_orders=None,
            ),
        ),
        "closing_ignored message_missing balance_missing",
        "message_unexpected",
    ),
    Planted(
        "what waited in vain was never refused",
        lambda cluster: cut(cluster, WAITED),
        "not_resumed",
        "message_unexpected message_differs message_missing balance_differs balance_missing "
        "message_out_of_order",
    ),
    Planted(
        "a year was closed over an open order",
        lambda cluster: cut(cluster, of_the_open_order("payment-order.acknowledged")),
        "not_journalled closed_too_early",
        "message_unexpected message_differs message_missing balance_differs balance_missing "
        "message_out_of_order entries_differ resumes_nothing not_resumed not_refused",
    ),
    Planted("an internal event says something else", reported_otherwise, "message_differs"),
    Planted("an internal event was written twice", written_twice, "message_twice"),
    Planted(
        "an internal event was never written",
        never_opened,
        "message_missing",
        "message_differs balance_differs balance_missing message_unexpected unknown_reference "
        "accepted_too_early resumes_nothing resumed_out_of_turn below_zero sums_differ",
    ),
]
