"""Returns overlap, come late and come again: what leaves depends on what happened alone."""

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.treasury.databases import in_files
from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip
from tests.treasury.sent_slips import Desk, a_piece_row, a_slip_row, at_desk

FIRST_DAY = date(2023, 6, 5)
LINE_CENTS = 100_000
PIECES = (1, 2, 3)
SLIP = 12


class Step(NamedTuple):
    """What happens to a piece on a day."""

    day: int
    piece: int
    line: int
    cents: int
    """Paid; 0: the accountant holds the piece, or goes on."""


steps = st.builds(
    Step,
    st.integers(0, 4),
    st.sampled_from(PIECES),
    st.integers(1, 2),
    st.sampled_from((0, 100, 100, 2_500)),
)


def euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def on(day: int) -> str:
    return (FIRST_DAY + timedelta(days=day)).isoformat()


def mandat(piece: int, history: Sequence[Step]) -> Mandat:
    """The piece as a return made after this history has it: all payments, the last state."""
    own = [each for each in history if each.piece == piece]
    held = [each.day for each in own if not each.cents]
    lines = []
    for number in (1, 2):
        paid = [each for each in own if each.line == number and each.cents]
        payments = tuple(Paid(euros(each.cents), on(each.day)) for each in paid)
        total = euros(sum(each.cents for each in paid))
        lines.append(Line(euros(LINE_CENTS), payments, str(len(paid)), total, ""))
    # Held and taken in charge, one after the other.
    state = {"EtatPce": "01", "DtePceInst": on(max(held))} if len(held) % 2 else {"EtatPce": "02"}
    back = on(max(held)) if held else on(0)
    return Mandat(piece, tuple(lines), {"DtePcePec": back, **state})


def file_of(pieces: Sequence[int], day: int, history: Sequence[Step]) -> bytes:
    known = [each for each in history if each.day <= day]
    given_again = [mandat(piece, known) for piece in pieces]
    return a_return(a_slip(*given_again, number=SLIP), head={"DteStr": on(day)})


def results(files: Sequence[bytes]) -> tuple[list[dict[str, Any]], dict[int, str], list[str]]:
    """The events, the states and the findings of files that are taken in this order."""

    async def go(desk: Desk) -> Any:
        slip = a_slip_row(SLIP)
        amounts = (LINE_CENTS, LINE_CENTS)
        await desk.send(slip, *(a_piece_row(slip, each, f"C{each}/1", amounts) for each in PIECES))
        for number, content in enumerate(files):
            await desk.take(content, f"{number}.xml")
        states = {row["piece_number"]: row["state"] for row in await desk.rows("piece_states")}
        return await desk.events(), states, await desk.found()

    found: tuple[list[dict[str, Any]], dict[int, str], list[str]] = at_new_desk(go)
    return found


def at_new_desk(work: Callable[[Desk], Awaitable[Any]]) -> Any:
    """Work at a desk whose tables are new."""
    with tempfile.TemporaryDirectory() as folder:
        return at_desk(in_files(Path(folder, "made")), work)


def by_id(events: Sequence[dict[str, Any]], of_payments: bool) -> dict[str, dict[str, Any]]:
    """The events of payments, or those of states."""
    return {each["id"]: each for each in events if ("executed_on" in each["data"]) == of_payments}


@settings(max_examples=12)
@given(history=st.lists(steps, max_size=12), data=st.data())
def test_any_order_repetition_or_splitting_gives_the_same_events(
    history: list[Step], data: st.DataObject
) -> None:
    """Payments are the same whatever came first; of states none is published behind a newer one."""
    history.sort()
    parts = [PIECES, *((each,) for each in PIECES), (1, 3)]
    files = [file_of(part, day, history) for day in range(5) for part in parts]
    in_order = [file_of(PIECES, day, history) for day in range(5)]
    expected, states, none = results(in_order)
    assert [] == none
    mixed = [*data.draw(st.lists(st.sampled_from(files), max_size=10)), in_order[-1]]
    again = data.draw(st.permutations(mixed + mixed[:3]))
    events, states_again, none = results(again)
    assert [] == none
    assert by_id(expected, True) == by_id(events, True)
    assert states == states_again
    assert by_id(events, False).items() <= by_id(expected, False).items()
    assert len(events) == len({each["id"] for each in events})
    for piece in PIECES:
        assert latest(expected, piece) == latest(events, piece)


def latest(events: Sequence[dict[str, Any]], piece: int) -> dict[str, Any] | None:
    """The last state of a piece that was published."""
    own = [each for each in events if each["data"]["payment_order"] == f"C{piece}/1"]
    return next((each for each in reversed(own) if "state" in each["data"]), None)


def test_all_returns_once_more_in_any_order_add_nothing() -> None:
    history = [Step(day, piece, 1, 100) for day in range(4) for piece in PIECES]
    history += [Step(day, 2, 2, 0) for day in (1, 3)]
    files = [file_of(PIECES, day, sorted(history)) for day in range(5)]
    once = results(files)
    assert once == results([*files, *reversed(files), *files])
    assert 12 == len(by_id(once[0], True))


class Reported(NamedTuple):
    """What a return says of the payments of a piece's two lines: day and cents; None: nothing."""

    day: int
    lines: tuple[Sequence[tuple[int, int]] | None, Sequence[tuple[int, int]] | None]

    def xml(self) -> bytes:
        lines = []
        for payments in self.lines:
            paid = tuple(Paid(euros(cents), on(day)) for day, cents in payments or ())
            count = None if payments is None else str(len(paid))
            total = None if payments is None else euros(sum(cents for _day, cents in payments))
            lines.append(Line(euros(LINE_CENTS), paid, count, total, ""))
        return a_return(a_slip(Mandat(1, tuple(lines)), number=SLIP), head={"DteStr": on(self.day)})


payments = st.none() | st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from((100, 100, 250))), max_size=3
)
changing = st.lists(
    st.builds(Reported, st.integers(0, 5), st.tuples(payments, payments)),
    min_size=2,
    max_size=5,
    unique_by=lambda each: each.day,
)


def newest_cents(files: Sequence[Reported]) -> int:
    """What the newest of these returns say of the piece's payments, line by line."""
    newest: dict[int, Sequence[tuple[int, int]]] = {}
    for each in sorted(files):
        newest |= {
            number: reported for number, reported in enumerate(each.lines) if reported is not None
        }
    return sum(cents for reported in newest.values() for _day, cents in reported)


@settings(max_examples=25)
@given(files=changing, data=st.data())
def test_the_ledger_never_has_more_than_the_newest_returns_say(
    files: list[Reported], data: st.DataObject
) -> None:
    """Whatever changed between returns, and in whatever order they are read."""
    order = data.draw(st.permutations([*files, files[0]]))

    async def go(desk: Desk) -> None:
        slip = a_slip_row(SLIP)
        await desk.send(slip, a_piece_row(slip, 1, "C/1", (LINE_CENTS, LINE_CENTS)))
        ledger_cents = 0
        for count, each in enumerate(order, 1):
            await desk.take(each.xml())
            before_cents, events = ledger_cents, await desk.events()
            ledger_cents = sum(event["data"].get("amount_cents", 0) for event in events)
            reported_cents = newest_cents(order[:count])
            assert ledger_cents in {before_cents, min(ledger_cents, reported_cents)}
        if ledger_cents != reported_cents:
            assert await desk.found()

    at_new_desk(go)
