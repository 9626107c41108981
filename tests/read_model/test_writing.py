"""A batch and its position are written together, by the one writer, or not at all."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from events.topics import JOURNAL
from services.projector import database, rebuild
from services.projector.database import (
    Overtaken,
    fold_state,
    hold,
    is_held,
    position_of,
    take,
    write,
)
from services.projector.rows.event_rows import UnsignedGrants
from services.projector.rows.fold import Fold
from services.projector.rows.settling import UnsettledRows
from tests.builders import (
    BUDGET,
    SIRET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_notification,
    a_payment,
    a_rejected_report,
    a_report,
    a_vote,
    an_act,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.figures import as_printed, figures
from tests.read_model.filling import (
    an_engine,
    empty,
    fill,
    golden,
    query,
    read,
    rows_of,
    with_engine,
)


def known(url: str, partition: int) -> tuple[dict[str, int], UnsignedGrants]:
    """The state of earlier batches that a new owner of a partition gets."""
    taken = with_engine(url, lambda engine: take(engine, JOURNAL, partition))
    return taken.sequences, taken.alone


def a_fold(records: list[bytes]) -> Fold:
    fold = Fold(0)
    for offset, raw in enumerate(records):
        fold.add(offset, raw)
    return fold


async def test_whoever_takes_a_partition_fences_the_writer_before(read_model_url: str) -> None:
    records = golden("lille-avenirs-2023")
    async with an_engine(read_model_url) as engine:
        old = (await take(engine, JOURNAL, 0)).position
        new = (await take(engine, JOURNAL, 0)).position
        with pytest.raises(Overtaken):
            await write(engine, a_fold(records).take_changes(), replace(old, next_offset=10))
        assert 0 == (await position_of(engine, JOURNAL, 0)).next_offset
        await write(engine, a_fold(records).take_changes(), replace(new, next_offset=10), 0)
    assert len(records) == len(read(read_model_url)["journal"])


async def test_tables_are_not_switched_while_a_partition_is_taken(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its position would be of the old ones, and its last records of the new."""
    real, locked = fold_state, []
    async with an_engine(postgresql_url) as engine:

        async def beside(*args: Any) -> tuple[dict[str, int], UnsignedGrants, UnsettledRows]:
            async with engine.connect() as other:
                locked.append(await rebuild._lock(other))
            return await real(*args)

        monkeypatch.setattr(database, "fold_state", beside)
        await take(engine, JOURNAL, 0)
        async with engine.connect() as other:
            locked.append(await rebuild._lock(other))
    assert [False, True] == locked


async def test_of_several_that_take_a_new_partition_at_once_one_has_it(read_model_url: str) -> None:
    async with an_engine(read_model_url) as engine:
        taken = await asyncio.gather(*(take(engine, JOURNAL, 0) for _ in range(5)))
        assert [1, 2, 3, 4, 5] == sorted(each.position.epoch for each in taken)


async def test_partitions_have_writers_of_their_own(read_model_url: str) -> None:
    async with an_engine(read_model_url) as engine:
        mine = (await take(engine, JOURNAL, 0)).position
        await take(engine, JOURNAL, 1)
        await take(engine, "another", 0)
        await write(engine, Fold(0).take_changes(), replace(mine, next_offset=1), 0)


async def test_a_database_that_forgot_the_last_batch_is_not_written_on(read_model_url: str) -> None:
    """As after a crash, or when somebody brought an older copy back."""
    records = golden("lille-avenirs-2023")
    async with an_engine(read_model_url) as engine:
        mine = (await take(engine, JOURNAL, 0)).position
        with pytest.raises(Overtaken):
            await write(engine, a_fold(records).take_changes(), replace(mine, next_offset=10), 5)
    assert [] == read(read_model_url)["journal"]


async def test_a_batch_that_fails_leaves_nothing(read_model_url: str) -> None:
    records = golden("lille-avenirs-2023")
    fill(read_model_url, records)
    before = read(read_model_url)
    async with an_engine(read_model_url) as engine:
        mine = (await take(engine, JOURNAL, 0)).position
        with pytest.raises(Exception, match=r"(?i)unique"):
            await write(engine, a_fold(records).take_changes(), replace(mine, next_offset=20), 10)
    assert before == read(read_model_url)


async def test_a_hold_is_seen_until_somebody_moves_on(read_model_url: str) -> None:
    async with an_engine(read_model_url) as engine:
        mine = (await take(engine, JOURNAL, 0)).position
        assert not await is_held(engine, mine)
        await hold(engine, mine, 7, "e7", "AssertionError")
        assert await is_held(engine, mine)
        new = (await take(engine, JOURNAL, 0)).position
        assert not await is_held(engine, mine), "another has the partition"
        with pytest.raises(Overtaken):
            await hold(engine, mine, 8, None, "")
        await write(engine, Fold(0).take_changes(), replace(new, next_offset=8), 0)
        assert not await is_held(engine, new)
    assert query(read_model_url, "SELECT held_event_id FROM positions") is None


def test_what_a_fold_must_know_of_earlier_batches_is_in_the_tables(shared_read_model: str) -> None:
    events: list[Json | bytes] = [a_vote(), an_award(requires_convention=False), b"{", b"{"]
    fill(shared_read_model, rows_of(Scenario(*map(encoded, events))))
    sequences, alone = known(shared_read_model, 0)
    assert ({BUDGET: 2, "_dead.0": 2}, {BUDGET: {"G"}}) == (sequences, alone)
    assert ({}, {}) == known(shared_read_model, 1)


def test_a_convention_that_was_signed_stands_alone_no_more(shared_read_model: str) -> None:
    events = [a_vote(), an_award(requires_convention=False), a_convention()]
    fill(shared_read_model, rows_of(Scenario(*map(encoded, events))))
    _, alone = known(shared_read_model, 0)
    assert {} == alone


def test_a_chain_of_another_partition_that_rests_here_goes_on(shared_read_model: str) -> None:
    """An imported journal has the chains of a cluster with other partitions."""
    dead = [row.replace(b"_dead.0", b"_dead.7") for row in rows_of(Scenario(b"{", b"[", b"}"))]
    fill(shared_read_model, dead, cuts=[1, 2], partition=2)
    sequences, _ = known(shared_read_model, 2)
    assert {"_dead.7": 3} == sequences


def test_in_a_closed_year_no_grant_stands_alone_any_more(shared_read_model: str) -> None:
    events = [a_vote(), an_award(requires_convention=False), a_closing()]
    fill(shared_read_model, rows_of(Scenario(*map(encoded, events))))
    assert {} == known(shared_read_model, 0)[1]


def test_the_first_receipt_of_a_document_counts_until_it_is_rejected(
    shared_read_model: str,
) -> None:
    start = [a_vote(), an_award(), a_convention()]
    first, copy = a_report(received_on="2023-06-01"), a_report(received_on="2023-09-01", _id="b")
    third = a_report(received_on="2023-10-01", _id="c")
    for events, day in (
        ([first, copy], "2023-06-01"),
        ([first, a_rejected_report()], None),
        ([first, copy, a_rejected_report(), third], "2023-10-01"),
        ([first, a_rejected_report(), copy, third], "2023-09-01"),
    ):
        records = rows_of(Scenario(*map(encoded, [*start, *events])))
        for size in (1, 2, 3, 9):
            empty(shared_read_model)
            fill(shared_read_model, records, cuts=range(size, len(records), size))
            received_on = query(shared_read_model, "SELECT received_on FROM documents")
            assert day == (received_on and str(received_on)), f"in batches of {size}"


def test_two_documents_of_one_kind_and_year_may_be_owed(shared_read_model: str) -> None:
    owed = [
        {"kind": "evaluation", "year": 2023, "due_on": day} for day in ("2024-01-01", "2024-06-01")
    ]
    events = [a_vote(), an_award(), a_convention(obligations=owed)]
    fill(shared_read_model, rows_of(Scenario(*map(encoded, events))))
    assert 2 == len(read(shared_read_model)["obligations"])


def test_the_longest_names_and_the_ends_of_the_calendar_have_a_place(
    shared_read_model: str,
) -> None:
    """An index of PostgreSQL holds 2,704 bytes a row: whatever the language allows must fit."""
    face = "\N{GRINNING FACE}"
    code, source = face * 100, face * 499
    line = {"chapter": code, "article": code, "function": code, "operation": code}
    lines = [an_amount(100_000, line=line)]
    name = {"name": face * 300, "siret": SIRET, "representative": face * 300}
    first, last = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"
    events = [
        a_vote(appropriations=lines, _id=source + "1", _source=source, _time=first),
        an_award(
            lines=lines,
            grant=code,
            title=face * 4000,
            beneficiary=name,
            act=an_act(body=face * 300, number=code),
            _id=source + "2",
            _time=last,
        ),
        a_convention(
            grant=code,
            convention=code,
            beneficiary=name,
            instalments=[an_instalment(name=code, lines=lines)],
            _id=source + "3",
            _correlationid=source,
        ),
        a_payment(100_000, f"{code}/{code}", bank_reference=code, _id=source + "4"),
        a_payment(1, face * 4000, _id=source + "5"),
        a_notification(convention=code + "", _id=source + "6"),
        a_notification(convention=face * 99, _id=source + "7"),
    ]
    history = Scenario(*map(encoded, events))
    fill(shared_read_model, rows_of(history))
    found = read(shared_read_model)
    assert as_printed(history.summary()) == figures(found)
    assert ["accepted"] * 4 + ["refused", "accepted", "parked"] == [
        row["outcome"] for row in found["journal"]
    ]
    assert [datetime.min.replace(tzinfo=UTC), datetime.max.replace(microsecond=0, tzinfo=UTC)] == [
        row["event_time"] for row in found["journal"][:2]
    ]
