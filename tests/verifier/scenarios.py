"""Good worlds: years in which all happens that a verifier looks at."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache

from tests.builders import (
    BUDGET,
    OTHER_BODY,
    Json,
    a_beneficiary,
    a_closing,
    a_collection,
    a_concurring_act,
    a_convention,
    a_deadline,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_resumption,
    a_suspension,
    a_termination,
    a_transfer,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.simulation.cases import attributes_of
from tests.verifier.memory_cluster import INTERNAL_EVENTS, MemoryCluster, Sent

NEIGHBOURS = ("37887770800057-02-2023", "37887770800040-01-2023")
"""Two budgets that share one of two partitions; the other has the other."""

SERVICES = {"EMPLOI": 33_334, "JEUNESSE": 66_667}
CENTS = 100_001
DOCUMENTS = [("activity_report", 2022)]


def a_schedule() -> list[Json]:
    advance = an_instalment(lines=[an_amount(50_000, services={"EMPLOI": 49_999, "JEUNESSE": 1})])
    balance = an_instalment(CENTS - 50_000, "balance", documents=DOCUMENTS, ceiling=True)
    return [advance, balance]


def binary(event: Json) -> Sent:
    """The same event in binary mode."""
    headers = (*attributes_of(event), ("content-type", b"application/json"))
    return Sent(encoded(event["data"]), str(event["partitionkey"]).encode(), headers)


def a_year(budget: str = BUDGET) -> Iterator[Sent | Json]:
    """A year of one budget in which nearly all happens."""
    common: Json = {"budget": budget}
    order = "C/advance"
    yield a_notification(**common)  # waits for the convention
    yield an_award(CENTS, lines=[an_amount(CENTS, services=SERVICES)], **common)  # for the vote
    yield a_vote(900_000, **common)
    yield a_vote(900_000, **common)  # silence
    yield a_vote(900_001, _id="budget.voted/initial", **common)  # the same id for another thing
    yield a_transfer(**common)
    yield a_concurring_act(**common)
    yield a_convention(instalments=a_schedule(), **common)
    yield binary(an_acknowledgement(order=order, **common))
    yield a_payment(10_001, order, **common)
    yield an_acknowledgement("rejected", order, **common)
    yield a_new_account(**common)
    yield a_payment(10_001, order, _id="too late", **common)  # refused
    yield a_payment(39_999, f"{order}/2", **common)
    yield a_report(eligible_cost_cents=80_000, **common)
    yield a_payment(30_000, "C/balance", **common)
    yield from life_cycle_events(common)
    alone: Json = {"grant": "A", "beneficiary": a_beneficiary(siret=OTHER_BODY, name="Ville")}
    yield an_award(7_003, requires_convention=False, **alone, **common)
    yield a_convention(7_000, convention="AC", **alone, **common)
    yield a_payment(7_000, "AC/advance", **common)


def the_end_of_a_year(budget: str) -> Iterator[Sent | Json]:
    """One order is still open, a balance is carried over, a reserve lapses, something waits."""
    common: Json = {"budget": budget}
    following = f"{budget[:-4]}2024"
    later = an_instalment(200, "later", documents=[("evaluation", 2023)])
    grant: Json = {"grant": "Y", "convention": "Y"}
    yield an_award(500, grant="Y", act=an_act("2023-09-01"), **common)
    yield a_convention(instalments=[an_instalment(100, "first"), later], **grant, **common)
    yield an_acknowledgement(order="Y/first", **common)
    yield a_report(
        "evaluation", 2023, convention="Y", budget=following
    )  # waits for the internal event
    yield a_notification(convention="never", **common)  # waits in vain
    yield a_closing("all", **common)
    yield a_vote(1, stage="supplementary", _id="late", **common)  # refused
    yield a_payment(100, "Y/first", **common)


def life_cycle_events(common: Json) -> Iterator[Json]:
    """Two more grants and their turns: one amended, asked back and terminated, one withdrawn."""
    tc: Json = common | {"convention": "TC"}
    yield an_award(30_003, grant="T", **common)
    late = an_instalment(10_000, "late", documents=DOCUMENTS)
    yield a_convention(grant="T", instalments=[an_instalment(10_001), late], **tc)
    yield a_suspension(**tc)
    yield a_resumption(**tc)
    more = an_instalment(25_000, "late", documents=DOCUMENTS, ceiling=True)
    last = an_instalment(1_500, "last", trigger="notification")
    yield an_amendment(act=an_act("2023-09-01"), instalments=[more, last], **tc)
    yield a_reduction(1_000, **tc)
    yield a_payment(10_001, "TC/advance", **common)
    yield a_recovery(5_000, **tc)
    yield a_collection(2_000, **tc)
    yield a_collection(1_000, on="2024-03-01", _id="revenue", **tc)
    yield a_report(eligible_cost_cents=29_999, **tc)
    yield a_rejected_report(**tc)
    yield a_termination(**tc)
    yield an_acknowledgement("rejected", "TC/late", **common)
    yield an_award(9_000, grant="F", **common)
    yield a_convention(8_000, convention="FC", grant="F", **common)
    yield a_payment(3_000, "FC/advance", **common)
    yield a_withdrawal(grant="F", **common)
    yield a_report(convention="N", _id="in vain", **common)
    yield a_deadline("parked", event={"source": "urn:test", "id": "in vain"}, **common)


def unreadable() -> Iterator[Sent]:
    """What nobody can read, in each of its ways."""
    yield Sent(b"{")
    yield Sent(None)
    yield Sent(encoded(a_vote(0)), BUDGET.encode(), (("trace", None), ("x", b"\xff")))
    yield Sent(a_payment(1, _id="no key"), None, partition=0)
    yield Sent(a_payment(1, _id="astray"), partition=1, topic=INTERNAL_EVENTS)
    yield Sent(a_payment(1, _id="astray too"), partition=0)
    yield Sent(b" " * (1024 * 1024 + 1), BUDGET.encode())
    yield Sent(b"[]", b"k" * 70_000, (("large", b"h" * (1024 * 1024)),), partition=1)
    yield Sent(b"[]", b"k" * 70_000, partition=1)
    yield Sent(b"{}", headers=(("ecluse_dlq_reason", b"bad_json"), ("ecluse_dlq_topic", b"?")))


def a_closed_cluster() -> MemoryCluster:
    """Three budgets whose year ends, and the internal events that open the next ones."""
    return deepcopy(_closed_cluster())


@cache
def _closed_cluster() -> MemoryCluster:
    """Reported once: a copy takes a fifth of the time, and a test may plant in it what it likes."""
    years = [[*a_year(name), *the_end_of_a_year(name)] for name in (BUDGET, *NEIGHBOURS)]
    return MemoryCluster().tell(each for trio in zip(*years, strict=True) for each in trio)


def a_cluster(batch: int = 3) -> MemoryCluster:
    """Three budgets on two partitions, woven into one another, with what nobody can read."""
    return deepcopy(_cluster(batch))


@cache
def _cluster(batch: int) -> MemoryCluster:
    years = [list(a_year(name)) for name in (BUDGET, *NEIGHBOURS)]
    together: list[Sent | Json] = [each for trio in zip(*years, strict=True) for each in trio]
    for place, given in enumerate(unreadable()):
        together.insert(place * 5, given)
    return (
        MemoryCluster().tell(together, batch).quarantine(a_vote(1, _id="odd"), "Ève", "elle bloque")
    )
