"""The gateway's answers (PES_ACQUIT): a slip is accepted or refused, and no event leaves."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from services.texts.translation import both
from services.treasury.pes.returned import GatewayAnswer
from services.treasury.returns.answers import Verdict
from services.treasury.store.tables import slips
from tests.builders import BUDGET
from tests.treasury.return_files import (
    RETURN,
    Line,
    Mandat,
    Paid,
    a_return,
    a_slip,
    an_answer,
    an_element,
    an_error,
)
from tests.treasury.sent_slips import Desk, a_piece_row, a_slip_row, at_desk, file_of

OF_SLIP: dict[str, Any] = {"NumBord": 12, "ExerciceBord": 2023}
NAME = file_of(12).removesuffix(".xml")
"""NomFic; with its ending it is found too."""
ACCEPTED = an_answer(an_element(1, **OF_SLIP), file_name=NAME)
ERRORS = an_error("ERREUR_TIERS_ABSENT", "le tiers manque")
REFUSED = an_answer(an_element(0, ERRORS, **OF_SLIP), file_name=NAME)
WHOLE_FILE = an_answer(an_element(0, an_error("ERREUR_ENCODING"), DomaineAck=0), file_name=NAME)
DUPLICATE = an_answer(
    an_element(0, an_error("ERREUR_DOUBLON_BORDEREAU", "le bordereau 12 existe"), **OF_SLIP),
    file_name=NAME,
)
OLDER = an_answer(
    an_element("0", NumBord=12, NumAnoAck="ERREUR_TIERS_ABSENT"), file_name=NAME, namespace=RETURN
)


async def state_of(desk: Desk, slip_id: str = f"{BUDGET}/01/12") -> tuple[str, Any]:
    (row,) = [each for each in await desk.rows("slips") if each["slip_id"] == slip_id]
    return row["state"], row["answer"]


@pytest.mark.parametrize(
    ("content", "state", "errors"),
    [
        (ACCEPTED, "accepted", []),
        (REFUSED, "refused", ["le tiers manque"]),
        (WHOLE_FILE, "refused", ["encoding"]),
        (OLDER, "refused", ["tiers absent"]),
        (an_answer(an_element(1, DomaineAck=0), file_name=f"{NAME}.xml"), "accepted", []),
        (
            an_answer(an_element(1, ERRORS, **OF_SLIP), file_name=NAME),
            "accepted",
            ["le tiers manque"],
        ),
        (
            an_answer(an_element(1, DomaineAck=0), an_element(0, **OF_SLIP), file_name=NAME),
            "refused",
            [],
        ),
    ],
)
def test_a_slip_becomes_what_the_gateway_answers(
    treasury_url: str, content: bytes, state: str, errors: list[str]
) -> None:
    async def go(desk: Desk) -> None:
        await desk.send(a_slip_row(12))
        for name in ("acquit.xml", "again.xml"):
            taken = await desk.take(content, name)
            assert ("acquit", "taken", 0) == (taken.kind, taken.outcome, taken.findings)
            assert (f"{BUDGET}/01/12", state == "accepted") == (taken.slip_id, taken.accepted)
        now, answer = await state_of(desk)
        assert state == now
        assert (state == "accepted", "2023-06-05") == (answer["accepted"], answer["answered_on"])
        assert errors == [each["label"] for each in answer["errors"]]
        assert [] == await desk.events()

    at_desk(treasury_url, go)


@pytest.mark.parametrize(
    ("state", "answer", "content"),
    [
        ("accepted", {"accepted": True}, REFUSED),
        ("prepared", None, ACCEPTED),
        ("cancelled", None, REFUSED),
    ],
)
def test_an_answer_that_cannot_be_is_a_finding(
    treasury_in_files: str, state: str, answer: Any, content: bytes
) -> None:
    async def go(desk: Desk) -> None:
        await desk.send(a_slip_row(12, state=state, answer=answer))
        taken = await desk.take(content)
        assert (state, answer) == await state_of(desk)
        (finding,) = taken.opened
        assert "slip 12" in both(finding.text).en
        assert "bordereau 12" in both(finding.text).fr
        assert ["answer_differs"] == await desk.found()

    at_desk(treasury_in_files, go)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([ACCEPTED, REFUSED], ["answer_differs"]),
        ([ACCEPTED, DUPLICATE], ["sent_twice"]),
        ([DUPLICATE, DUPLICATE, ACCEPTED], ["sent_twice"]),
    ],
)
def test_a_slip_that_was_accepted_too_is_accepted_whichever_answer_comes_first(
    treasury_url: str, files: list[bytes], found: list[str]
) -> None:
    async def go(desk: Desk) -> None:
        for number, order in ((12, files), (13, files[::-1])):
            await desk.send(a_slip_row(number, file_name=file_of(12)))
            for each in [*order, *order]:
                of_it = b'NumBord V="%d"' % number
                await desk.take(each.replace(b'NumBord V="12"', of_it), "acquit.xml")
            now, answer = await state_of(desk, f"{BUDGET}/01/{number}")
            assert ("accepted", True) == (now, answer["accepted"])
        assert found * 2 == await desk.found()

    at_desk(treasury_url, go)


def test_a_file_that_the_gateway_has_already_is_not_refused(treasury_url: str) -> None:
    """Its orders would go out again, and be paid twice."""
    late = an_answer(
        an_element(0, an_error("ERREUR_TIERS_ABSENT") * 200, **OF_SLIP),
        an_element(0, an_error("ERREUR_DOUBLON_PIECE"), **OF_SLIP),
        file_name=NAME,
    )

    async def go(desk: Desk) -> None:
        await desk.send(a_slip_row(12))
        (finding,) = (await desk.take(DUPLICATE)).opened
        assert "slip 12 as one that it has already (ERREUR_DOUBLON_BORDEREAU)" in (
            both(finding.text).en
        )
        assert ["sent_twice"] == [each.kind for each in (await desk.take(late)).opened]
        assert ("issued", None) == await state_of(desk)

    at_desk(treasury_url, go)


def test_a_return_that_names_a_refused_slip_is_taken_and_is_a_finding(treasury_url: str) -> None:
    paid = Line("1000.00", (Paid("1000.00"),), "1", "1000.00")
    content = a_return(a_slip(Mandat(34, (paid,)), Mandat(35, (paid,)), number=12))

    async def go(desk: Desk) -> None:
        slip = a_slip_row(12)
        await desk.send(slip, *(a_piece_row(slip, each, f"C{each}/1") for each in (34, 35)))
        await desk.take(REFUSED)
        taken = await desk.take(content)
        assert 4 == taken.events
        (finding,) = taken.opened
        assert f"{BUDGET}/01/12" == finding.slip_id
        assert "which the gateway refused: Hélios has it" in both(finding.text).en
        assert (0, 0) == ((await desk.take(content)).events, (await desk.take(content)).findings)
        assert "accepted" == (await state_of(desk))[0], "what Hélios has counts in the year's total"

    at_desk(treasury_url, go)


@pytest.mark.parametrize(
    ("answer", "found"),
    [(ACCEPTED, []), (REFUSED, ["answer_differs"]), (DUPLICATE, ["sent_twice"])],
)
def test_a_return_answers_for_a_gateway_that_does_not(
    treasury_url: str, answer: bytes, found: list[str]
) -> None:
    """Nobody waits for an answer any more, and one that comes after all changes nothing."""

    async def go(desk: Desk) -> None:
        slip = a_slip_row(12)
        await desk.send(slip, a_piece_row(slip, 34, "C34/1"))
        differs = a_return(a_slip(Mandat(34, (Line("999.99"),)), number=12))
        await desk.take(differs)
        assert "issued" == (await state_of(desk))[0], "nothing of the piece is taken"
        in_charge = a_return(a_slip(Mandat(34, (Line("1000.00"),)), number=12))
        await desk.take(in_charge)
        assert "accepted" == (await state_of(desk))[0]
        await desk.take(answer)
        assert "accepted" == (await state_of(desk))[0]
        assert ["amount_differs", *found] == await desk.found()

    at_desk(treasury_url, go)


def test_a_slip_that_was_refused_and_given_up_keeps_its_answer(treasury_in_files: str) -> None:
    """The corrected slip has its number, and may have its file's name: it is answered now."""

    async def go(desk: Desk) -> None:
        await desk.send(a_slip_row(12))
        await desk.take(REFUSED)
        async with desk.store.transaction() as connection:
            await connection.execute(update(slips).values(state="cancelled"))
        assert [] == list((await desk.take(REFUSED, "again.xml")).opened)
        await desk.send(a_slip_row(12, slip_id=f"{BUDGET}/01/12/2"))
        await desk.take(ACCEPTED)
        assert "cancelled" == (await state_of(desk))[0]
        assert "accepted" == (await state_of(desk, f"{BUDGET}/01/12/2"))[0]
        assert [] == await desk.found()

    at_desk(treasury_in_files, go)


@pytest.mark.parametrize(
    "content",
    [
        an_answer(an_element(1, **OF_SLIP), file_name="PES_01_13"),
        an_answer(an_element(1, NumBord=13, ExerciceBord=2023), file_name=NAME),
        an_answer(an_element(1, **OF_SLIP), an_element(1, NumBord=13), file_name=NAME),
    ],
)
def test_a_file_that_was_not_sent_is_a_finding(treasury_in_files: str, content: bytes) -> None:
    async def go(desk: Desk) -> None:
        await desk.send(a_slip_row(12))
        taken = await desk.take(content)
        assert ("taken", None) == (taken.outcome, taken.slip_id)
        assert ["unknown_file"] == await desk.found()
        assert [BUDGET] == [each.budget for each in taken.opened]
        assert ("issued", None) == await state_of(desk)

    at_desk(treasury_in_files, go)


@pytest.mark.parametrize("element", ["IdPost", "CodCol", "CodBud", "IdColl"])
def test_an_answer_to_another_budget_is_refused(treasury_in_files: str, element: str) -> None:
    other = {"IdPost": "059036", "CodCol": "124", "CodBud": "01"}.get(element, "21590350100025")
    content = an_answer(an_element(1), file_name=NAME, head={element: other})

    async def go(desk: Desk) -> None:
        await desk.send(a_slip_row(12))
        taken = await desk.take(content)
        assert ("refused", "acquit") == (taken.outcome, taken.kind)
        assert ("issued", None) == await state_of(desk)

    at_desk(treasury_in_files, go)


def test_others_have_their_turn_while_a_long_answer_is_read() -> None:
    async def go() -> list[str]:
        seen = list[str]()
        asyncio.get_running_loop().call_soon(seen.append, "another")

        def answers() -> Iterator[GatewayAnswer]:
            for _ in range(3):
                seen.append("read")
                yield GatewayAnswer(True, None, ())

        await Verdict.combine(answers())
        return seen

    assert ["read", "another", "read", "read"] == asyncio.run(go())


def test_only_the_first_errors_are_kept(treasury_in_files: str) -> None:
    many = an_error("ERREUR_AUTRE", "trop") * 1_000
    content = an_answer(an_element(0, many, **OF_SLIP), an_element(0, many), file_name=NAME)

    async def go(desk: Desk) -> None:
        await desk.send(a_slip_row(12))
        await desk.take(content)
        assert 100 == len((await state_of(desk))[1]["errors"])

    at_desk(treasury_in_files, go)
