"""Returns taken: what becomes of them in the tables, on both databases."""

import asyncio
import dataclasses
import gzip
import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import update

from events.codec import ReceivedEvent, decode
from events.envelope import SourceKind
from events.topics import EVENTS
from services.texts.translation import both
from services.treasury.domain.findings import ReturnProblem
from services.treasury.returns import returns as application
from services.treasury.store.tables import slips
from tests.builders import BUDGET
from tests.treasury.return_files import HEAD, Line, Mandat, Paid, a_return, a_slip, zipped
from tests.treasury.sent_slips import Desk, a_piece_row, a_slip_row, at_desk, desk_at

TWO_PARTS = Line("1000.00", (Paid("400.00"), Paid("600.00", "2023-06-03")), "2", "1000.00")
PAID = Mandat(34, (TWO_PARTS,), {"EtatPce": "05"})
REJECTED = Mandat(
    35,
    (Line("250.00", count=None, total=None, state="02"),),
    {"EtatPce": "04", "DtePcePec": None, "DtePceRej": "2023-05-25", "ObsEtat": "09"},
)
GOOD = a_return(a_slip(PAID, REJECTED, number=12))


async def sent(desk: Desk) -> None:
    """A slip of two orders is at the accountant's."""
    slip = a_slip_row(12)
    rows = (a_piece_row(slip, 34, "C/advance"), a_piece_row(slip, 35, "D/advance", (25_000,)))
    await desk.send(slip, *rows)


def short(event: dict[str, Any]) -> tuple[Any, ...]:
    data = event["data"]
    what = data.get("state") or data["amount_cents"]
    return data["payment_order"], what, data.get("on") or data["executed_on"]


EXPECTED = [
    ("C/advance", "taken_in_charge", "2023-05-22"),
    ("C/advance", 40_000, "2023-06-02"),
    ("C/advance", 60_000, "2023-06-03"),
    ("D/advance", "rejected", "2023-05-25"),
]


def test_a_return_becomes_events_in_the_outbox(treasury_url: str) -> None:
    async def go(desk: Desk) -> None:
        await sent(desk)
        taken = await desk.take(GOOD)
        counted = (taken.kind, taken.outcome, taken.pieces, taken.events, taken.findings)
        assert ("return", "taken", 2, 4, 0) == counted
        assert EXPECTED == [short(each) for each in await desk.events()]
        for row in await desk.rows("outbox"):
            read = decode(row["value"], key=BUDGET.encode(), source_kind=SourceKind.EVENTS)
            assert isinstance(read, ReceivedEvent), read
            assert (EVENTS, BUDGET, read.envelope.id) == (
                row["topic"],
                row["budget"],
                row["message_id"],
            )
        assert {row["event_id"] for row in await desk.rows("own_events")} == {
            row["message_id"] for row in await desk.rows("outbox")
        }
        states = {row["piece_number"]: row["state"] for row in await desk.rows("piece_states")}
        assert {34: "settled", 35: "rejected"} == states
        (listed,) = await desk.returns.list_files()
        assert ("retour.xml", "taken") == (listed.file_name, listed.outcome)
        assert {"pieces": 2, "events": 4, "findings": 0} == listed.facts

    at_desk(treasury_url, go)


def test_a_file_whose_name_nobody_can_be_shown_is_taken_under_another(treasury_url: str) -> None:
    async def go(desk: Desk) -> str:
        name = "facture\u202elmx\0.exe\udcff"
        return (await desk.returns.take(io.BytesIO(GOOD), name, "folder")).file_name

    assert "facture\ufffdlmx\ufffd.exe\ufffd" == at_desk(treasury_url, go)


def test_the_same_return_again_or_under_another_name_adds_no_event(treasury_url: str) -> None:
    async def go(desk: Desk) -> None:
        await sent(desk)
        await desk.take(GOOD)
        before = await desk.events()
        later = a_return(a_slip(REJECTED, PAID, number=12), head={"DteStr": "2023-06-09"})
        for content, name in ((GOOD, "retour.xml"), (GOOD, "other.xml"), (later, "later.xml")):
            taken = await desk.take(content, name)
            assert ("taken", 0, 0) == (taken.outcome, taken.events, taken.findings)
        assert before == await desk.events()
        names = [row.file_name for row in await desk.returns.list_files()]
        assert ["later.xml", "retour.xml"] == sorted(names), "one row a content"

    at_desk(treasury_url, go)


def test_an_older_return_publishes_its_payments_and_not_its_state(treasury_url: str) -> None:
    held = Mandat(34, (Line("1000.00", (Paid("100.00"),), "1", "100.00", ""),), {"EtatPce": "01"})
    in_charge = Mandat(34, (Line("1000.00", count=None, total=None),))

    async def go(desk: Desk) -> None:
        await sent(desk)
        await desk.take(a_return(a_slip(in_charge, number=12)))
        older = a_return(a_slip(held, number=12), head={"DteStr": "2023-06-01"})
        assert 1 == (await desk.take(older)).events
        expected = [("taken_in_charge", "2023-05-22"), (10_000, "2023-06-02")]
        assert expected == [short(each)[1:] for each in await desk.events()]
        assert ["taken_in_charge"] == [row["state"] for row in await desk.rows("piece_states")]

    at_desk(treasury_url, go)


def test_two_who_take_the_same_return_at_once_publish_it_once(treasury_url: str) -> None:
    async def go(desk: Desk) -> None:
        await sent(desk)
        async with desk_at(treasury_url) as other:
            taken = await asyncio.gather(*(each.take(GOOD) for each in (desk, other, desk)))
        assert [0, 0, 4] == sorted(each.events for each in taken)
        assert EXPECTED == [short(each) for each in await desk.events()]

    at_desk(treasury_url, go)


def test_a_piece_that_stands_twice_in_a_return_is_taken_once(treasury_url: str) -> None:
    async def go(desk: Desk) -> None:
        await sent(desk)
        twice = a_return(a_slip(PAID, number=12), a_slip(PAID, PAID, number=12))
        assert 3 == (await desk.take(twice)).events
        assert [] == await desk.found()

    at_desk(treasury_url, go)


def test_less_paid_than_before_is_a_finding_and_the_others_go_on(treasury_url: str) -> None:
    less = Line("1000.00", (Paid("400.00"),), "1", "400.00")
    fewer = a_return(
        a_slip(Mandat(34, (less,)), REJECTED, number=12), head={"DteStr": "2023-06-09"}
    )

    async def go(desk: Desk) -> None:
        await sent(desk)
        await desk.take(a_return(a_slip(PAID, number=12)))
        taken = await desk.take(fewer)
        assert (1, 1) == (taken.events, taken.findings)
        (finding,) = taken.opened
        assert "600.00 on 2023-06-03 was reported as paid" in both(finding.text).en

    at_desk(treasury_url, go)


BAD_PIECES: dict[str, tuple[Mandat, str]] = {
    "a cent less": (dataclasses.replace(PAID, lines=(Line("999.99"),)), "amount_differs"),
    "a payment too few": (
        dataclasses.replace(PAID, lines=(dataclasses.replace(TWO_PARTS, count="3"),)),
        "payment_totals_differ",
    ),
    "a total off by a cent": (
        dataclasses.replace(PAID, lines=(dataclasses.replace(TWO_PARTS, total="999.99"),)),
        "payment_totals_differ",
    ),
    "no amount": (dataclasses.replace(PAID, lines=(Line("1e3"),)), "unread_piece"),
    "unknown": (dataclasses.replace(PAID, number=36), "unknown_piece"),
    "without number": (dataclasses.replace(PAID, number=""), "unknown_piece"),
    "a request for an order": (
        dataclasses.replace(PAID, more={"TypPce": "12"}),
        "accountants_piece",
    ),
    "a request for a revenue order": (
        dataclasses.replace(PAID, more={"TypPce": "14"}),
        "accountants_piece",
    ),
    "an unknown state": (
        dataclasses.replace(PAID, lines=(Line("1000.00"),), more={"EtatPce": "03"}),
        "unknown_state",
    ),
}


@pytest.mark.parametrize("case", BAD_PIECES)
def test_a_bad_piece_is_a_finding_and_the_others_are_taken(
    treasury_in_files: str, case: str
) -> None:
    piece, kind = BAD_PIECES[case]

    async def go(desk: Desk) -> None:
        await sent(desk)
        for name in ("one.xml", "two.xml"):
            taken = await desk.take(a_return(a_slip(piece, REJECTED, number=12)), name)
            assert "taken" == taken.outcome
            assert [kind] == await desk.found(), "it is opened once"
        assert [EXPECTED[-1]] == [short(each) for each in await desk.events()]
        (finding,) = await desk.returns.findings(None, open_only=True)
        assert "{" not in both(finding.text).fr

    at_desk(treasury_in_files, go)


@pytest.mark.parametrize(
    "slip",
    [
        {"number": 13},
        {"number": ""},
        {"year": 2022},
        {"kind": "02"},
        {"kind": "03"},
        {"kind": "04"},
    ],
)
def test_pieces_of_other_slips_are_none_of_ours(treasury_in_files: str, slip: Any) -> None:
    async def go(desk: Desk) -> None:
        await sent(desk)
        taken = await desk.take(a_return(a_slip(PAID, REJECTED, **{"number": 12, **slip})))
        assert ("taken", 0) == (taken.outcome, taken.events)
        kind = "accountants_piece" if slip.get("kind") == "04" else "unknown_slip"
        assert {kind} == set(await desk.found())

    at_desk(treasury_in_files, go)


@pytest.mark.parametrize("state", ["prepared", "cancelled"])
def test_a_slip_that_is_not_in_helios_has_no_pieces_there(
    treasury_in_files: str, state: str
) -> None:
    async def go(desk: Desk) -> None:
        await sent(desk)
        async with desk.store.transaction() as connection:
            await connection.execute(update(slips).values(state=state))
        assert (0, ["unknown_slip"]) == ((await desk.take(GOOD)).events, await desk.found())

    at_desk(treasury_in_files, go)


def test_a_slip_that_never_left_has_no_pieces_there(treasury_in_files: str) -> None:
    """Its number is that of another program's slip, whatever the amounts are."""

    async def go(desk: Desk) -> None:
        await sent(desk)
        async with desk.store.transaction() as connection:
            await connection.execute(update(slips).values(exported_at=None))
        assert (0, ["unknown_slip"]) == ((await desk.take(GOOD)).events, await desk.found())

    at_desk(treasury_in_files, go)


@pytest.mark.parametrize("element", ["IdPost", "CodColl", "CodBud"])
def test_a_return_of_another_budget_is_refused(treasury_in_files: str, element: str) -> None:
    other = {"IdPost": "059036", "CodColl": "124", "CodBud": "01"}[element]
    content = a_return(a_slip(PAID, number=12), head=dict(HEAD) | {element: other})

    async def go(desk: Desk) -> None:
        await sent(desk)
        taken = await desk.take(content)
        assert ("refused", "return") == (taken.outcome, taken.kind)
        assert taken.why is not None
        assert other in both(taken.why).fr
        assert ([], ["file_refused"]) == (await desk.events(), await desk.found())

    at_desk(treasury_in_files, go)


def with_entity(good: bytes, declared: str, used: str) -> bytes:
    """A return that declares an entity, and uses it."""
    text = good.decode("iso-8859-1").replace("<n:PES", f"<!DOCTYPE x [{declared}]><n:PES", 1)
    return text.replace("<EnTetePES>", used, 1).encode("iso-8859-1")


IN_TEXT, IN_ATTRIBUTE = "<EnTetePES>&x;", '<EnTetePES><LibellePoste V="&x;"/>'
OWN_FILE = f'<!ENTITY x SYSTEM "file://{__file__}">'
LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise("abcdefghix")
)


BAD_FILES: dict[str, Callable[[bytes], bytes]] = {
    "an entity in a text": lambda good: with_entity(good, '<!ENTITY x "1">', IN_TEXT),
    "an entity in an attribute": lambda good: with_entity(good, '<!ENTITY x "1">', IN_ATTRIBUTE),
    "an external entity in a text": lambda good: with_entity(good, OWN_FILE, IN_TEXT),
    "an external entity in an attribute": lambda good: with_entity(good, OWN_FILE, IN_ATTRIBUTE),
    "a bomb of entities": lambda good: with_entity(good, LAUGHS, IN_ATTRIBUTE),
    "UTF-16 with a DOCTYPE": lambda good: (
        with_entity(good, OWN_FILE, IN_ATTRIBUTE)
        .decode("iso-8859-1")
        .replace("ISO-8859-1", "UTF-16")
        .encode("utf-16")
    ),
    "gzip": gzip.compress,
    "a bomb of gzip": lambda _good: gzip.compress(b"<" + b" " * 20_000_000),
    "zip": zipped,
    "a bomb of zip": lambda _good: zipped(b"<" + b" " * 20_000_000),
    "UTF-7": lambda good: good.replace(b"ISO-8859-1", b"UTF-7"),
    "empty": lambda _good: b"",
    "truncated": lambda good: good[: len(good) - 40],
    "another root": lambda good: good.replace(b"PES_Retour", b"PES_Aller"),
    "another namespace": lambda good: good.replace(b"Rev0/retour", b"Rev1/retour"),
    "a DOCTYPE": lambda good: good.replace(b"<n:PES", b"<!DOCTYPE x><n:PES", 1),
    "another encoding": lambda good: good.replace(b"ISO-8859-1", b"UTF-8").replace(
        b'CodBud V="00"', b'CodBud V="\xe9"'
    ),
    "no head": lambda good: good.replace(b"EnTetePES", b"Autre"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_does_no_harm(
    treasury_in_files: str, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused in a sentence, with a finding; nothing of it is taken, and the good one is."""
    monkeypatch.setattr(application, "SLICE", 1)
    bad = BAD_FILES[case](GOOD)

    async def go(desk: Desk) -> None:
        await sent(desk)
        for name in ("bad.xml", "bad again.xml"):
            taken = await desk.take(bad, name)
            assert ("refused", 0) == (taken.outcome, taken.events)
            assert taken.why is not None
            assert "{" not in both(taken.why).fr + both(taken.why).en
            assert ["file_refused"] == await desk.found()
        (finding,) = await desk.returns.findings(None, open_only=True)
        assert both(finding.text).fr.startswith("Le fichier bad.xml n'a pas été intégré")
        assert [] == await desk.events()
        (row,) = await desk.returns.list_files()
        assert ("bad.xml", "refused", taken.why) == (row.file_name, row.outcome, row.why)
        await desk.take(GOOD)
        assert EXPECTED == [short(each) for each in await desk.events()]

    at_desk(treasury_in_files, go)


def test_a_finding_is_closed_by_hand_with_a_reason(treasury_url: str) -> None:
    bad = a_return(a_slip(dataclasses.replace(PAID, number=36), number=12))

    async def go(desk: Desk) -> None:
        await sent(desk)
        (finding,) = (await desk.take(bad)).opened
        for name, reason, why in (
            (finding.finding_id, " ", "Give a reason"),
            ("none", "seen", "no finding"),
        ):
            with pytest.raises(ReturnProblem, match=why):
                await desk.returns.close(name, "marie", reason)
        closed = await desk.returns.close(finding.finding_id, "marie", " a mandat of the ERP ")
        assert ("marie", "a mandat of the ERP") == (closed.closed_by, closed.closing_reason)
        assert closed == await desk.returns.find(finding.finding_id)
        with pytest.raises(ReturnProblem, match="closed already"):
            await desk.returns.close(finding.finding_id, "paul", "again")
        assert 0 == (await desk.take(bad, "again.xml")).findings, "it is not opened again"
        assert ([], [closed]) == (
            await desk.found(),
            await desk.returns.findings(None, open_only=False),
        )

    at_desk(treasury_url, go)


def test_findings_are_listed_by_entity(treasury_in_files: str) -> None:
    async def go(desk: Desk) -> None:
        await sent(desk)
        await desk.take(a_return(a_slip(dataclasses.replace(PAID, number=36), number=12)))
        await desk.take(b"none")
        assert ["file_refused", "unknown_piece"] == await desk.found()
        of_city = await desk.returns.findings(frozenset({BUDGET[:14]}), open_only=True)
        assert ["unknown_piece"] == [each.kind for each in of_city]
        assert [] == await desk.returns.findings(frozenset({"35600000000048"}), open_only=True)

    at_desk(treasury_in_files, go)
