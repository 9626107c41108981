"""Slips made by the schedule: each order on one slip, each file in the folder once."""

import asyncio
import stat
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import insert
from structlog.testing import capture_logs

from events.topics import PAYMENT_ORDERS
from services.projector.tables import conventions
from services.treasury.domain.slips import SlipState, SlipType
from services.treasury.pes.writer import PesFile
from services.treasury.process.slip_schedule import SlipSchedule
from services.treasury.slips.slips import Slips
from services.treasury.store.slips import SlipRow
from tests.builders import BUDGET
from tests.treasury.databases import Opened, opened
from tests.treasury.desk import all_sent, reads
from tests.treasury.orders import a_config, an_order, is_now, issued

Result = TypeVar("Result")
TIMES = (time(9, 30), time(16))
EARLY = datetime(2023, 6, 5, 7, 0, tzinfo=UTC)
"""09:00 in Paris."""


class Died(Exception):
    """The process ends here."""


class Mortal(Slips):
    """It dies at a step, before or behind what is committed."""

    dies: str | None = None

    async def prepare(
        self, budget: str, slip_type: SlipType, by: str, at_most: int = 10
    ) -> SlipRow | None:
        found = await super().prepare(budget, slip_type, by, at_most)
        return self._or_die("prepared", found)

    async def issue(self, slip_id: str, by: str, given: object = None) -> SlipRow:
        del given
        return self._or_die("issued", await super().issue(slip_id, by))

    async def export(
        self, slip_id: str, by: str, keep: Callable[[PesFile], None] | None = None
    ) -> PesFile:
        self._or_die("before the export", None)

        def kept(file: PesFile) -> None:
            if keep is not None:
                keep(file)
            self._or_die("before it is noted", None)

        return self._or_die("exported", await super().export(slip_id, by, kept))

    def _or_die(self, step: str, found: Result) -> Result:
        if step == self.dies:
            raise Died(step)
        return found


class Office:
    """A treasury with a schedule, whose clock is set by hand."""

    def __init__(self, both: Opened, folder: Path, **numbers: Any) -> None:
        self.both = both
        self.now = EARLY
        self.folder = folder
        self.slips = Mortal(both.store, both.read_model, a_config(**numbers), lambda: self.now)
        self.start()

    def start(self) -> None:
        self.schedule = self.a_schedule()

    def a_schedule(self, times: Sequence[time] = TIMES) -> SlipSchedule:
        return SlipSchedule(times, self.folder, self.slips, self.both.store, lambda: self.now)

    async def at(self, clock: str, day: int = 5) -> None:
        """The schedule's runs until then, in Paris."""
        self.now = datetime.fromisoformat(f"2023-06-{day:02}T{clock}:00+02:00")
        await self.schedule.run()

    def files(self) -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in sorted(self.folder.glob("*"))}


def office(
    url: str, folder: Path, body: Callable[[Office], Awaitable[None]], **numbers: Any
) -> None:
    async def go() -> None:
        async with opened(url) as both:
            await issued(both, an_order("C/advance"), an_order("D/advance"))
            await body(Office(both, folder, **numbers))

    asyncio.run(go())


def test_an_order_that_a_person_must_confirm_does_not_leave(
    treasury_url: str, tmp_path: Path
) -> None:
    suspended = {
        "budget": BUDGET, "convention": "C", "grant_ref": "G", "stands_alone": False,
        "state": "suspended", "effective_on": EARLY.date(), "sequence": 9,
    }  # fmt: skip

    async def body(it: Office) -> None:
        async with it.both.read_model.begin() as connection:
            await connection.execute(insert(conventions), [suspended])
        await it.at("09:31")
        (slip,) = await it.slips.list_all(None)
        assert ["D/advance"] == [each.payment_order for each in await it.slips.pieces(slip.slip_id)]
        await it.slips.confirm(BUDGET, "C/advance", "anne", 9)
        await it.at("16:05")
        assert 2 == len(it.files())

    office(treasury_url, tmp_path / "exports", body)


def test_at_its_times_all_that_is_ready_leaves_and_only_once(
    treasury_url: str, tmp_path: Path
) -> None:
    async def body(it: Office) -> None:
        await it.at("09:29")
        assert {} == it.files()
        await it.at("09:31")
        ((name, content),) = it.files().items()
        assert content.count(b"<Piece>") == 2
        (slip,) = await it.slips.list_all(None)
        assert (name, "schedule", 2) == (slip.file_name, slip.exported_by, slip.piece_count)
        await it.at("15:59")
        await issued(it.both, an_order("E/advance"))
        await it.at("16:05")
        assert 2 == len(it.files())
        await it.at("20:00")
        assert {(1, "issued"), (2, "issued")} == {
            (each.number, each.state) for each in await it.slips.list_all(None)
        }

    office(treasury_url, tmp_path / "exports", body)


def test_a_slip_that_has_not_left_is_exported_by_a_later_run(
    treasury_url: str, tmp_path: Path
) -> None:
    async def body(it: Office) -> None:
        it.slips.leaves_within_s = 0
        await reads(it.both, PAYMENT_ORDERS)
        await it.at("09:31")
        assert {} == it.files()
        await all_sent(it.both)
        await it.at("09:32")
        assert 1 == len(it.files())

    office(treasury_url, tmp_path / "exports", body)


@pytest.mark.parametrize(
    "step", ["prepared", "issued", "before the export", "before it is noted", "exported"]
)
def test_a_run_that_died_is_finished_by_the_next_and_nothing_leaves_twice(
    step: str, treasury_url: str, tmp_path: Path
) -> None:
    async def body(it: Office) -> None:
        it.slips.dies = step
        with pytest.raises(Died):
            await it.at("09:30")
        assert {} == {name: each for name, each in it.files().items() if name[0] != "."}
        it.slips.dies = None
        it.start()
        await it.schedule.run()
        (slip,) = await it.slips.list_all(None)
        assert (SlipState.ISSUED, 1, "schedule") == (slip.state, slip.number, slip.exported_by)
        assert [slip.file_name] == list(it.files())
        (file,) = it.folder.iterdir()
        assert 0o600 == stat.S_IMODE(file.stat().st_mode)
        file.unlink()  # The gateway's tool has taken it.
        it.start()
        await it.at("16:00")
        assert {} == it.files()

    office(treasury_url, tmp_path / "exports", body)


def test_a_time_that_came_while_the_process_was_away_is_made_up_for_once(
    treasury_url: str, tmp_path: Path
) -> None:
    async def body(it: Office) -> None:
        await it.at("09:00")
        it.start()  # The process was away from 09:00 to 09:45.
        await it.at("09:45")
        assert 1 == len(it.files())
        await issued(it.both, an_order("E/advance"))
        it.start()
        await it.at("15:59")
        assert 1 == len(it.files()), "09:30 is over"
        it.start()  # It was away for days: four times have come.
        await it.at("15:00", day=7)
        assert 2 == len(it.files())
        await issued(it.both, an_order("F/advance"))
        await it.at("15:05", day=7)
        it.start()
        await it.at("15:10", day=7)
        assert 2 == len(it.files()), "they are made up for"

    office(treasury_url, tmp_path / "exports", body)


def test_a_new_schedule_is_not_due_for_the_past(treasury_url: str, tmp_path: Path) -> None:
    """Slips that nobody expected would be with the accountant already."""

    async def body(it: Office) -> None:
        it.now += timedelta(hours=3)
        it.start()
        await it.at("12:05")
        it.start()
        await it.at("12:10")
        assert {} == it.files(), "it was begun at noon"
        it.schedule = it.a_schedule((time(11), time(16)))
        await it.at("12:15")
        it.schedule = it.a_schedule((time(11), time(16)))
        await it.at("12:20")
        assert {} == it.files(), "11:00 was set at 12:10"
        await it.at("16:01")
        assert 1 == len(it.files())

    office(treasury_url, tmp_path / "exports", body)


def test_what_a_person_has_begun_is_left_to_him(treasury_url: str, tmp_path: Path) -> None:
    async def body(it: Office) -> None:
        draft = await it.slips.prepare("21590350100017-00-2023", SlipType.PAYMENT, "anne")
        assert draft is not None
        await issued(it.both, an_order("E/advance"))
        await it.at("09:30")
        states = {each.prepared_by: each.state for each in await it.slips.list_all(None)}
        assert {"anne": SlipState.PREPARED, "schedule": SlipState.ISSUED} == states
        await it.slips.issue(draft.slip_id, "anne")
        it.now += timedelta(days=1)
        await it.schedule.run()
        assert 1 == len(it.files())

    office(treasury_url, tmp_path / "exports", body)


def test_numbers_that_the_erp_gives_keep_a_slip_for_a_person(
    treasury_url: str, tmp_path: Path
) -> None:
    async def body(it: Office) -> None:
        await it.at("09:30")
        (slip,) = await it.slips.list_all(None)
        assert (SlipState.PREPARED, {}) == (slip.state, it.files())

    office(treasury_url, tmp_path / "exports", body, given_by_erp=True)


def test_of_two_processes_one_publishes_a_file(treasury_url: str, tmp_path: Path) -> None:
    """The second has listed the slip before the first exported it, and the file was taken."""

    async def body(it: Office) -> None:
        first = it.a_schedule()
        taken: list[str] = []

        class Slower(Mortal):
            async def export(
                self, slip_id: str, by: str, keep: Callable[[PesFile], None] | None = None
            ) -> PesFile:
                await first.run()
                taken.extend(it.files())
                for each in it.folder.iterdir():
                    each.unlink()
                return await super().export(slip_id, by, keep)

        it.slips = Slower(it.both.store, it.both.read_model, a_config(), lambda: it.now)
        it.start()
        await it.at("09:30")
        assert (1, {}) == (len(taken), it.files())

    office(treasury_url, tmp_path / "exports", body)


def test_what_a_person_took_after_a_run_died_is_not_published(
    treasury_url: str, tmp_path: Path
) -> None:
    async def body(it: Office) -> None:
        it.slips.dies = "before it is noted"
        with pytest.raises(Died):
            await it.at("09:30")
        it.slips.dies = None
        (slip,) = await it.slips.list_all(None)
        assert slip.exported_at is None
        await it.slips.export(slip.slip_id, "anne")
        it.start()
        await it.schedule.run()
        assert {} == it.files()

    office(treasury_url, tmp_path / "exports", body)


def test_a_file_that_could_not_be_written_is_written_by_a_later_run(
    treasury_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "exports"

    async def body(it: Office) -> None:
        folder.write_text("no folder")
        await it.at("09:30")
        (slip,) = await it.slips.list_all(None)
        assert (SlipState.ISSUED, None) == (slip.state, slip.exported_at)
        folder.unlink()
        await it.at("09:31")
        assert [slip.file_name] == list(it.files())

    office(treasury_url, folder, body)


@pytest.mark.parametrize("name", [".{}.part", "{}"])
@pytest.mark.parametrize("step", [None, "before it is noted", "exported"])
def test_a_link_that_somebody_planted_under_our_names_is_not_followed(
    name: str, step: str | None, treasury_url: str, tmp_path: Path
) -> None:
    folder, victim = tmp_path / "exports", tmp_path / "ledger.db"
    victim.write_text("the ledger's")

    async def body(it: Office) -> None:
        it.slips.dies = step or "issued"
        with pytest.raises(Died):
            await it.at("09:30")
        it.slips.dies = None
        (slip,) = await it.slips.list_all(None)
        planted = folder / name.format(slip.file_name)
        folder.mkdir(exist_ok=True)
        planted.unlink(missing_ok=True)
        planted.symlink_to(victim)
        it.start()
        with capture_logs() as logged:
            await it.schedule.run()
        assert "slip_not_exported" in [each["event"] for each in logged]
        assert planted.is_symlink()
        assert "the ledger's" == victim.read_text()
        planted.unlink()
        await it.at("09:31")
        # What was under the hidden name is lost with the link; a person exports it again.
        is_lost = (name, step) == (".{}.part", "exported")
        assert ([] if is_lost else [slip.file_name]) == list(it.files())

    office(treasury_url, folder, body)


def test_what_a_person_takes_while_a_later_run_begins_is_not_published(
    treasury_url: str, tmp_path: Path
) -> None:
    class Overtaken(Mortal):
        async def export(
            self, slip_id: str, by: str, keep: Callable[[PesFile], None] | None = None
        ) -> PesFile:
            await Slips.export(self, slip_id, "anne")
            return await super().export(slip_id, by, keep)

    async def body(it: Office) -> None:
        it.slips.dies = "before it is noted"
        with pytest.raises(Died):
            await it.at("09:30")
        it.slips = Overtaken(it.both.store, it.both.read_model, a_config(), lambda: it.now)
        it.start()
        await it.schedule.run()
        assert [] == [name for name in it.files() if name[0] != "."]

    office(treasury_url, tmp_path / "exports", body)


def test_a_slip_with_an_order_cancelled_before_its_file_could_leave_stays(
    treasury_url: str, tmp_path: Path
) -> None:
    async def body(it: Office) -> None:
        it.slips.leaves_within_s = 0
        await reads(it.both, PAYMENT_ORDERS)
        await it.at("09:30")
        await is_now(it.both, "C/advance", "cancelled")
        await all_sent(it.both)
        await it.at("09:31")
        (slip,) = await it.slips.list_all(None)
        assert (SlipState.ISSUED, None, {}) == (slip.state, slip.exported_at, it.files())

    office(treasury_url, tmp_path / "exports", body)
