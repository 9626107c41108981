"""Whatever is done with slips, in any order: each order on one slip, numbers without gap."""

import asyncio
import itertools
import json
import tempfile
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, select, update

from services.runtime.ops.errors import Unreachable
from services.treasury.domain.slips import SlipProblem, SlipState, SlipType
from services.treasury.slips.messages import restore_slips
from services.treasury.store.database import TreasuryStore
from services.treasury.store.slips import SlipRow
from services.treasury.store.tables import free_numbers, orders, outbox, pieces, series, slips
from tests.builders import BUDGET
from tests.treasury.databases import emptied, in_files, opened
from tests.treasury.desk import Desk
from tests.treasury.orders import a_config, an_order, is_now, issued

SENT = {SlipState.ISSUED, SlipState.ACCEPTED}
CANCELLABLE = {SlipState.PREPARED, SlipState.REFUSED}
amounts = st.lists(st.integers(1, 10**6), min_size=1, max_size=3)
Result = TypeVar("Result")


class Histories(RuleBasedStateMachine):
    """Orders are issued and cancelled, slips go their way, and work is broken off."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._numbers = itertools.count()
        self.names: list[str] = []
        self.cancelled: set[str] = set()
        self.files: dict[str, bytes] = {}
        self.counting_when_refused: dict[str, set[str]] = {}
        """Of each refused slip those that were issued by then, and count it."""
        both = self.run(self._stack.enter_async_context(opened(self.url)))
        self.desk = Desk(both, a_config())
        self.run(emptied(both))

    def run(self, work: Awaitable[Result]) -> Result:
        async def go() -> Result:
            return await work

        return self._runner.run(go())

    def teardown(self) -> None:
        try:
            self.run(self._restored())
        finally:
            self.run(self._stack.aclose())
            self._runner.close()

    def slips_in(self, *states: SlipState) -> list[SlipRow]:
        found = self.run(self.desk.slips.list_all(None))
        return sorted((each for each in found if each.state in states), key=_by_age)

    @rule(line_cents=amounts, count=st.integers(1, 3))
    def order(self, line_cents: list[int], count: int) -> None:
        names = [f"C{next(self._numbers)}/advance" for _ in range(count)]
        self.names += names
        self.run(issued(self.desk.both, *(an_order(each, line_cents) for each in names)))

    @precondition(lambda self: self.names)
    @rule(data=st.data(), paid=st.booleans())
    def cancel_an_order(self, data: st.DataObject, paid: bool) -> None:
        name = data.draw(st.sampled_from(self.names))
        self.names.remove(name)
        self.cancelled.add(name)
        self.run(is_now(self.desk.both, name, "cancelled", int(paid)))

    @rule(slip_type=st.sampled_from(SlipType), at_most=st.integers(1, 4))
    def prepare(self, slip_type: SlipType, at_most: int) -> None:
        self.run(self.desk.slips.prepare(BUDGET, slip_type, "anne", at_most))

    @rule(data=st.data())
    def issue(self, data: st.DataObject) -> None:
        draft = self._one(data, SlipState.PREPARED)
        if draft is None:
            return
        before_cents = sum(
            each.amount_cents for each in self.slips_in(*SENT) if each.slip_type is draft.slip_type
        )
        try:
            slip = self.run(self.desk.slips.issue(draft.slip_id, "anne"))
        except SlipProblem:
            assert self.run(self.desk.slips.find(draft.slip_id)) == draft
        else:
            assert slip.cumulative_cents == before_cents + slip.amount_cents
            assert slip.piece_count <= draft.piece_count

    @rule(line_cents=amounts, leaves=st.booleans())
    def a_slip_is_made_at_once(self, line_cents: list[int], leaves: bool) -> None:
        self.order(line_cents=line_cents, count=1)
        draft = self.run(self.desk.prepared())
        with suppress(SlipProblem):
            slip = self.run(self.desk.slips.issue(draft.slip_id, "anne"))
            if leaves:
                self.files[slip.slip_id] = self.run(
                    self.desk.slips.export(slip.slip_id, "anne")
                ).content

    @rule(data=st.data(), statements=st.integers(0, 20))
    def issue_without_an_end(self, data: st.DataObject, statements: int) -> None:
        """The database is gone after so many statements."""
        draft = self._one(data, SlipState.PREPARED)
        if draft is None:
            return
        issuing = self.desk.slips.issue(draft.slip_id, "anne")
        with gone_after(self.desk.both.store, statements), suppress(Unreachable, SlipProblem):
            self.run(issuing)

    @rule(data=st.data())
    def two_issue_at_once(self, data: st.DataObject) -> None:
        draft = self._one(data, SlipState.PREPARED)
        if draft is None:
            return

        async def both() -> list[Any]:
            work = [self.desk.slips.issue(draft.slip_id, by) for by in ("anne", "benoit")]
            return await asyncio.gather(*work, return_exceptions=True)

        kinds = Counter(type(each) for each in self.run(both()))
        assert kinds in ({SlipRow: 1, SlipProblem: 1}, {SlipProblem: 2})

    @rule(data=st.data())
    def export(self, data: st.DataObject) -> None:
        slip = self._one(data, *SENT)
        if slip is None:
            return
        try:
            file = self.run(self.desk.slips.export(slip.slip_id, "anne"))
        except SlipProblem:
            on_it = {name for name, _, _ in self.run(self.desk.on(slip))}
            assert slip.exported_at is None
            assert not on_it.isdisjoint(self.cancelled)
        else:
            assert self.files.setdefault(slip.slip_id, file.content) == file.content
            assert sha256(file.content).hexdigest() == slip.file_sha256

    @rule(data=st.data(), state=st.sampled_from([SlipState.ACCEPTED, SlipState.REFUSED]))
    def answer(self, data: st.DataObject, state: SlipState) -> None:
        slip = self._one(data, SlipState.ISSUED)
        if slip is None or slip.exported_at is None:
            return
        self.run(self.desk.answered(slip, state))
        if state is SlipState.REFUSED:
            issued = {each.slip_id for each in self.slips_in(*SlipState) if each.number}
            self.counting_when_refused[slip.slip_id] = issued

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        slip = self._one(data, *SlipState)
        if slip is None:
            return
        numbered = self.slips_in(*SENT, SlipState.REFUSED)
        of_type = [each for each in numbered if each.slip_type is slip.slip_type]
        newest = max(of_type, key=lambda each: str(each.issued_at), default=None)
        unsent = slip == newest and slip.state is SlipState.ISSUED and slip.exported_at is None
        try:
            self.run(self.desk.slips.cancel(slip.slip_id, "anne"))
        except SlipProblem:
            assert slip.state not in CANCELLABLE
            assert not unsent
        else:
            assert slip.state in CANCELLABLE or unsent

    def _one(self, data: st.DataObject, *states: SlipState) -> SlipRow | None:
        found = self.slips_in(*states)
        return data.draw(st.sampled_from(found)) if found else None

    @invariant()
    def each_order_stands_on_one_live_slip(self) -> None:
        live = select(pieces.c.payment_order, slips.c.slip_id, slips.c.slip_type).join(
            slips, (slips.c.slip_id == pieces.c.slip_id) & (slips.c.state != SlipState.CANCELLED)
        )
        places = {SlipType.PAYMENT: "slip_id", SlipType.CANCELLATION: "cancelling_slip_id"}
        found: dict[tuple[str, str], list[str]] = {}
        for name, slip_id, slip_type in self.read(live):
            found.setdefault((name, places[SlipType(slip_type)]), []).append(slip_id)
        wanted = {
            (row.payment_order, place): [getattr(row, place)]
            for row in self.read(select(orders))
            for place in places.values()
            if getattr(row, place) is not None
        }
        assert found == wanted

    @invariant()
    def numbers_have_no_gap(self) -> None:
        number_of_slip = select(slips.c.number, slips.c.slip_type).where(
            slips.c.number.is_not(None), slips.c.state != SlipState.CANCELLED
        )
        number_of_piece = (
            select(pieces.c.number, slips.c.slip_type)
            .join(slips, slips.c.slip_id == pieces.c.slip_id)
            .where(pieces.c.number.is_not(None), slips.c.state != SlipState.CANCELLED)
        )
        used: dict[str, list[int]] = {}
        for kind, asked in (("slip", number_of_slip), ("piece", number_of_piece)):
            for number, slip_type in self.read(asked):
                used.setdefault(f"{kind}:{slip_type}", []).append(number)
        for row in self.read(select(free_numbers)):
            used.setdefault(row.series, []).append(row.number)
        for name, following in self.read(select(series.c.series, series.c.next_number)):
            if name != "draft":
                assert sorted(used.pop(name, [])) == [*range(1, following)], name
        assert used == {}

    @invariant()
    def sums_are_right(self) -> None:
        found = Counter[str]()
        for row in self.read(select(pieces)):
            assert row.amount_cents == sum(row.line_cents) > 0
            found[row.slip_id] += row.amount_cents
        assert found == {row.slip_id: row.amount_cents for row in self.read(select(slips))}

    @invariant()
    def the_total_in_a_file_that_was_sent_stays_true(self) -> None:
        """It counts the slips up to this one, without those that were refused before it.

        While none was refused they are those up to its number.
        """
        numbered = [row for row in self.read(select(slips)) if row.number is not None]
        for row in numbered:
            counted = [
                each
                for each in numbered
                if each.slip_type == row.slip_type
                and each.issued_at <= row.issued_at
                and (each.state != SlipState.CANCELLED or each.exported_at is not None)
                and row.slip_id in self.counting_when_refused.get(each.slip_id, {row.slip_id})
            ]
            if row.exported_at is not None:
                assert row.cumulative_cents == sum(each.amount_cents for each in counted)
            if row.exported_at is not None and not self.counting_when_refused:
                assert sorted(each.number for each in counted) == [*range(1, row.number + 1)]

    @invariant()
    def each_issued_slip_has_its_messages_once(self) -> None:
        rows = [row for row in self.read(select(slips)) if row.number is not None]
        cancelled = [row for row in rows if row.state == SlipState.CANCELLED]
        wanted = [f"{row.slip_id}/issued" for row in rows]
        wanted += [f"{row.slip_id}/cancelled" for row in cancelled]
        found = [row.message_id for row in self.read(select(outbox.c.message_id))]
        assert sorted(found) == sorted(wanted)

    def read(self, asked: Any) -> list[Any]:
        async def go() -> list[Any]:
            async with self.desk.both.store.reading() as connection:
                return list((await connection.execute(asked)).all())

        return self.run(go())

    async def _restored(self) -> None:
        """The numbers are the same in tables that are made again of the messages."""
        store = self.desk.both.store
        kept = (series, free_numbers, pieces)
        async with store.reading() as connection:
            asked = select(outbox.c.value).order_by(outbox.c.number)
            messages = list((await connection.execute(asked)).scalars())
            before = [await _numbered(connection, table) for table in kept]
        async with store.transaction() as connection:
            await connection.execute(update(orders).values(slip_id=None, cancelling_slip_id=None))
            for table in (*kept, slips):
                await connection.execute(table.delete())
            await restore_slips(connection, messages)
            assert [await _numbered(connection, table) for table in kept] == before


@contextmanager
def gone_after(store: TreasuryStore, statements: int) -> Iterator[None]:
    """The database takes so many statements, and no more."""
    left = statements

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise ConnectionError

    engine = store._engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)


def _by_age(slip: SlipRow) -> int:
    return int(slip.slip_id.rpartition("-S")[2])


async def _numbered(connection: Any, table: Any) -> list[str]:
    """Rows that a message tells of, as text."""
    asked = select(table).order_by(*table.primary_key)
    if table is series:
        asked = asked.where(table.c.series != "draft")
    if table is pieces:
        asked = asked.where(table.c.number.is_not(None))
    return [json.dumps([*row]) for row in await connection.execute(asked)]


quick = settings(
    max_examples=6,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[*HealthCheck],
    phases=[Phase.generate],  # To search for a shorter history takes minutes.
)


def test_any_history_in_a_file() -> None:
    with tempfile.TemporaryDirectory() as folder:

        class InAFile(Histories):
            url = in_files(Path(folder))

        run_state_machine_as_test(InAFile, settings=quick)


@pytest.mark.rest
@pytest.mark.timeout(600)
def test_any_history_on_both(treasury_url: str) -> None:
    class OnBoth(Histories):
        url = treasury_url

    run_state_machine_as_test(
        OnBoth, settings=settings(quick, max_examples=25, stateful_step_count=40)
    )
