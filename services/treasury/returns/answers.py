"""The gateway's answer to a file (PES_ACQUIT): its slip is accepted or refused; no event."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.treasury.domain.findings import UNKNOWN, Finding, FindingKind
from services.treasury.domain.returned_pieces import ReturnHead
from services.treasury.domain.slips import SlipState
from services.treasury.pes.returned import GatewayAnswer, GatewayError
from services.treasury.returns.pieces import Codes
from services.treasury.store.slips import SlipRow, find_slip, list_slips
from services.treasury.store.tables import slips

SUFFIX: Final = ".xml"
"""Of a file's name: its own NomFic, which the gateway repeats, is without it."""

DUPLICATE: Final = "ERREUR_DOUBLON_"
"""The beginning of errors of a file that the gateway has already: its slip may be in Hélios."""

ERRORS_MAX: Final = 100
"""Errors of one answer that are kept."""


@dataclass(slots=True)
class Verdict:
    """The verdict that the elements of an answer give together."""

    accepted: bool = True
    numbers: set[int] = field(default_factory=set)
    """Of the slips that it names."""
    errors: list[GatewayError] = field(default_factory=list)
    duplicate: str | None = None
    """The code of the first error that calls something of it a duplicate."""

    @classmethod
    async def combine(cls, answers: Iterable[GatewayAnswer]) -> "Verdict":
        """The verdict: one element that refuses is enough. Others have their turn between two."""
        verdict = cls()
        for each in answers:
            await asyncio.sleep(0)
            verdict.accepted &= each.accepted
            if each.slip_number is not None:
                verdict.numbers.add(each.slip_number)
            verdict.errors += each.errors[: ERRORS_MAX - len(verdict.errors)]
            codes = (error.code for error in each.errors if error.code is not None)
            duplicates = (code for code in codes if code.startswith(DUPLICATE))
            verdict.duplicate = verdict.duplicate or next(duplicates, None)
        return verdict


async def take_answer(
    connection: AsyncConnection,
    head: ReturnHead,
    codes: Codes,
    answered: str,
    verdict: Verdict,
    now: datetime,
) -> tuple[str | None, list[Finding]]:
    """Note the answer on its slip; the slip's id, where the file is one of ours, and findings."""
    found = [
        each
        for each in await list_slips(
            connection, slips.c.file_name.in_([answered, f"{answered}{SUFFIX}"])
        )
        if codes.is_of(each.budget) and verdict.numbers <= {each.number}
    ]
    if not found:
        return None, [_unknown_file(head, codes, answered, verdict)]
    # Of one that was refused and given up the name and number may be those of the next.
    latest = min(found, key=lambda each: each.state is SlipState.CANCELLED)
    slip = await find_slip(connection, latest.slip_id, locked=True)
    assert slip is not None, "slips are never deleted"
    answer = SlipState.ACCEPTED if verdict.accepted else SlipState.REFUSED
    if answer is SlipState.REFUSED and verdict.duplicate is not None:
        facts = {"slip": slip.number, "code": verdict.duplicate}
        return slip.slip_id, [Finding(FindingKind.SENT_TWICE, facts, slip.budget, slip.slip_id)]
    was_refused = slip.state is SlipState.REFUSED
    is_known = slip.answer is not None and slip.answer["accepted"] == verdict.accepted
    # A return may have been read first, by which Hélios has the slip.
    is_late = slip.state is SlipState.ACCEPTED and verdict.accepted and not is_known
    if slip.state is SlipState.ISSUED or (was_refused and verdict.accepted) or is_late:
        content = {
            "accepted": verdict.accepted,
            "answered_on": head.dated_on.isoformat(),
            "errors": [asdict(each) for each in verdict.errors],
        }
        noted = update(slips).where(slips.c.slip_id == slip.slip_id)
        await connection.execute(noted.values(state=answer, answer=content, answered_at=now))
        # What it accepts it has, whichever answer is read first: both orders end alike.
        too = [_differs(slip, SlipState.REFUSED, SlipState.ACCEPTED)] if was_refused else []
        return slip.slip_id, too
    return slip.slip_id, [] if is_known else [_differs(slip, answer, slip.state)]


def _unknown_file(head: ReturnHead, codes: Codes, answered: str, verdict: Verdict) -> Finding:
    facts = {
        "name": answered,
        "slip": ", ".join(map(str, sorted(verdict.numbers))) or UNKNOWN,
        "post": head.post,
        "collectivity": head.collectivity,
        "budget_code": head.budget_code,
    }
    return Finding(FindingKind.UNKNOWN_FILE, facts, codes.budget(head.dated_on.year))


def _differs(slip: SlipRow, answer: SlipState, state: SlipState) -> Finding:
    facts = {"slip": slip.number, "answer": answer.value, "slip_state": state.value}
    return Finding(FindingKind.ANSWER_DIFFERS, facts, slip.budget, slip.slip_id)
