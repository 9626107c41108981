"""The treasury of the scenario's city: an order that waits, slips, returns, findings."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.treasury.domain.findings import Finding, FindingKind, keep_text
from services.treasury.returns.returns import WRONG_ROOT
from services.treasury.slips.messages import note_compared
from services.treasury.slips.numbers import DRAFTS
from services.treasury.store.database import TREASURY_FILE, TreasuryStore
from services.treasury.store.tables import (
    findings,
    orders,
    own_events,
    piece_states,
    pieces,
    returns,
    series,
    slips,
)
from tests.api.treasury_scene import issued
from tests.browser import scenario
from tests.browser.scenario import BUDGET
from tests.treasury.orders import an_order

CONFIG_FILE: Final = "treasury.yaml"
CONFIG: Final = f"""\
entities:
  "{BUDGET[:14]}":
    budgets:
      "00": {{IdPost: "059999", CodCol: "350"}}
"""
GARDENS: Final = "CONV-2023-JARDINS/avance"
"""An order that the read model does not know yet."""

ACCEPTED, SENT, REFUSED, DRAFT = (f"{BUDGET}-S{serial}" for serial in range(1, 5))
ADVANCE, BALANCE = "CONV-2023-LILLE-AVENIRS/avance", "CONV-2023-LILLE-AVENIRS/solde"
THEATRE, ROWING = "CONV-2023-THEATRE/whole", "AVIRON-2023/whole"
ON_SLIPS: Final = {
    ACCEPTED: (ADVANCE, THEATRE),
    SENT: (BALANCE,),
    REFUSED: (ROWING,),
    DRAFT: (f"{THEATRE}/2",),
}
STATES: Final = {ACCEPTED: "accepted", SENT: "issued", REFUSED: "refused", DRAFT: "prepared"}


def at(day: int, hour: int = 10) -> datetime:
    """An hour of July 2023."""
    return datetime(2023, 7, day, hour, tzinfo=UTC)


async def a_treasury(folder: Path) -> None:
    """The treasury's tables of the scenario, and its file of codes, in this folder."""
    (folder / CONFIG_FILE).write_text(CONFIG, encoding="utf-8")
    store = TreasuryStore(f"sqlite:///{folder / TREASURY_FILE}")
    try:
        await store.prepare()
        async with store.transaction() as connection:
            await note_compared(connection)
            await _fill(connection)
    finally:
        await store.dispose()


async def _fill(connection: AsyncConnection) -> None:
    rows = {
        row["payment_order"]: row for row in issued([*scenario.the_year(), *scenario.the_others()])
    }
    gardens = an_order(GARDENS, (1_250_000,), budget=BUDGET)
    rows[GARDENS] = {
        **rows[ROWING],
        "payment_order": GARDENS,
        "message": msgspec.json.encode(gardens),
        "amount_cents": gardens.amount_cents,
    }
    slip_of = {name: slip_id for slip_id, names in ON_SLIPS.items() for name in names}
    stored = [{**row, "slip_id": slip_of.get(name)} for name, row in rows.items()]
    await connection.execute(insert(orders), stored)
    await connection.execute(insert(series), SERIES)
    for number, (slip_id, names) in enumerate(ON_SLIPS.items(), start=1):
        amounts = [rows[name]["amount_cents"] for name in names]
        await connection.execute(insert(slips), [_slip(slip_id, number, sum(amounts), len(names))])
        await connection.execute(
            insert(pieces),
            [
                {
                    "slip_id": slip_id,
                    "position": position,
                    "budget": BUDGET,
                    "payment_order": name,
                    "number": None if slip_id == DRAFT else 10 * number + position,
                    "amount_cents": rows[name]["amount_cents"],
                    "line_cents": [rows[name]["amount_cents"]],
                }
                for position, name in enumerate(names, start=1)
            ],
        )
    await _answered(connection)


def _slip(slip_id: str, number: int, amount_cents: int, count: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "slip_id": slip_id,
        "budget": BUDGET,
        "slip_type": "01",
        "state": STATES[slip_id],
        "number": None,
        "piece_count": count,
        "amount_cents": amount_cents,
        "cumulative_cents": None,
        "prepared_at": at(number),
        "prepared_by": "Opératrice",
    }
    if slip_id == DRAFT:
        return row
    row |= {
        "number": number,
        "cumulative_cents": amount_cents,
        "issued_on": date(2023, 7, number),
        "issued_at": at(number, 11),
        "issued_by": "Opératrice",
        "exported_at": at(number, 12),
        "exported_by": "Opératrice",
        "file_name": f"PESALR2_21590350100017_2023_{number}.xml",
        "file_sha256": f"{number}" * 64,
    }
    if slip_id == SENT:
        return row
    error = {"code": "ERREUR_SIRET", "label": "SIRET inconnu", "piece": "31", "line": None}
    is_accepted = slip_id == ACCEPTED
    answer = {
        "accepted": is_accepted,
        "answered_on": f"2023-07-0{number + 1}",
        "errors": [] if is_accepted else [error],
    }
    return row | {"answered_at": at(number + 1), "answer": answer}


async def _answered(connection: AsyncConnection) -> None:
    """What the accountant said of the first slip, and what nobody can make an event of."""
    rejection = {"code": "09", "label": "coordonnées bancaires"}
    states = [
        ("taken_in_charge", date(2023, 7, 3), {}),
        ("rejected", date(2023, 7, 4), {"reason": rejection}),
    ]
    for position, (state, day, more) in enumerate(states, start=1):
        row: dict[str, Any] = {
            "slip_id": ACCEPTED,
            "piece_number": 10 + position,
            "state": state,
            "dated_on": date(2023, 7, 5),
            "state_on": day,
            **more,
        }
        await connection.execute(insert(piece_states), [row])
    refusal = {
        "code": "overpayment",
        "facts": {},
        "message": {"fr": "Le paiement dépasse le mandat.", "en": "More than was ordered is paid."},
    }
    event = {
        "event_id": "an-event-of-a-return",
        "budget": BUDGET,
        "payment_order": ADVANCE,
        "event_type": "ecluse.payment.executed.v1",
        "facts": {"piece": 11, "line": 1, "on": "2023-07-03", "amount_cents": 113_180_000},
        "made_at": at(5),
        "refusal": refusal,
    }
    await connection.execute(insert(own_events), [event])
    payer = {"piece": 11, "line": 1, "payer": "06", "amount_cents": 12_000, "on": "2023-07-03"}
    unknown = {"piece": "77", "slip": "1", "slip_type": "01", "year": 2023}
    others = [
        (Finding(FindingKind.OTHER_PAYER, payer, BUDGET, ACCEPTED, ADVANCE), {}),
        (Finding(FindingKind.UNKNOWN_PIECE, unknown, BUDGET, ACCEPTED), CLOSED),
    ]
    for found, closing in others:
        row = {
            "finding_id": found.finding_id,
            "kind": found.kind,
            "budget": found.budget,
            "slip_id": found.slip_id,
            "payment_order": found.payment_order,
            "facts": found.facts,
            "file_name": "PESRETOUR_DEP_0705.xml",
            "opened_at": at(5),
            **closing,
        }
        await connection.execute(insert(findings), [row])
    await connection.execute(insert(returns), RETURNS)


CLOSED: Final = {
    "closed_at": at(6),
    "closed_by": "Opératrice",
    "closing_reason": "Mandat d'un autre budget, vu avec le comptable.",
}
SERIES: Final = [
    {"budget": BUDGET, "series": name, "next_number": number}
    for name, number in ((DRAFTS, 5), ("slip:01", 4), ("piece:01", 40))
]
NOT_OURS: Final = {"why": keep_text(WRONG_ROOT.render({"root": "Facture"}))}
RETURNS: Final = [
    {
        "sha256": f"{number}" * 64,
        "file_name": name,
        "kind": kind,
        "received_at": at(number),
        "received_by": "dossier",
        "dated_on": date(2023, 7, number),
        "outcome": outcome,
        "facts": facts,
    }
    for number, name, kind, outcome, facts in (
        (2, "ACQUIT_1.xml", "acquit", "taken", {"slip_id": ACCEPTED, "accepted": True}),
        (5, "PESRETOUR_DEP_0705.xml", "return", "taken", {"pieces": 3, "events": 2, "findings": 2}),
        (
            6,
            "facture.xml",
            "unreadable",
            "refused",
            NOT_OURS,
        ),
    )
]
