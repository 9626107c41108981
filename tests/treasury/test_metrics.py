"""Figures of the treasury for Prometheus, asked of its tables."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert

from services.treasury.process.metrics import Figures, figures, treasury_metrics
from services.treasury.store.database import TreasuryStore
from services.treasury.store.tables import findings, outbox, own_events, slips
from tests.builders import BUDGET

NOON = datetime(2023, 6, 1, 12, tzinfo=UTC)
OLD = NOON - timedelta(days=3)


def a_finding(name: str, opened_at: datetime, closed_at: datetime | None = None) -> dict[str, Any]:
    return {
        "finding_id": name,
        "kind": "unknown_piece",
        "budget": BUDGET,
        "facts": {},
        "opened_at": opened_at,
        "closed_at": closed_at,
    }


def a_slip(number: int, state: str, issued_at: datetime | None) -> dict[str, Any]:
    return {
        "slip_id": f"{BUDGET}/01/{number}",
        "budget": BUDGET,
        "slip_type": "01",
        "state": state,
        "number": number,
        "piece_count": 1,
        "amount_cents": 100,
        "prepared_at": OLD,
        "prepared_by": "somebody",
        "issued_at": issued_at,
    }


def an_event(name: str, **refusal: Any) -> dict[str, Any]:
    return {
        "event_id": name,
        "budget": BUDGET,
        "payment_order": "C/advance",
        "event_type": "ecluse.payment.executed.v1",
        "facts": {},
        "made_at": NOON,
        **refusal,
    }


def a_message(name: str, made_at: datetime, sent_at: datetime | None = None) -> dict[str, Any]:
    return {
        "message_id": name,
        "topic": "ecluse.events.v1",
        "budget": BUDGET,
        "value": b"{}",
        "made_at": made_at,
        "sent_at": sent_at,
    }


ROWS: dict[Table, list[dict[str, Any]]] = {
    findings: [
        a_finding("closed", OLD - timedelta(days=1), NOON),
        a_finding("old", OLD),
        a_finding("new", NOON),
    ],
    slips: [
        a_slip(1, "accepted", OLD - timedelta(days=1)),
        a_slip(2, "issued", OLD),
        a_slip(3, "prepared", None),
    ],
    own_events: [an_event("refused", refusal={"code": "overpayment"})],
    outbox: [
        a_message("sent", OLD - timedelta(days=1), NOON),
        a_message("unsent", NOON),
        a_message("oldest", OLD),
    ],
}


def asked(folder: Path, rows: dict[Table, list[dict[str, Any]]]) -> Figures:
    async def go() -> Figures:
        store = TreasuryStore(f"sqlite:///{folder / 'treasury.db'}")
        try:
            await store.prepare()
            async with store.transaction() as connection:
                for table, values in rows.items():
                    await connection.execute(insert(table), values)
            async with store.reading() as connection:
                return await figures(connection)
        finally:
            await store.dispose()

    return asyncio.run(go())


def samples(known: Figures | None) -> dict[str, float]:
    return {
        sample.name.removeprefix("ecluse_treasury_"): sample.value
        for metric in treasury_metrics(known)
        for sample in metric.samples
    }


def test_what_is_open_unanswered_refused_and_unsent_is_counted(tmp_path: Path) -> None:
    assert {
        "findings_open": 2,
        "findings_oldest_timestamp_seconds": OLD.timestamp(),
        "slips_unanswered": 1,
        "slips_unanswered_oldest_timestamp_seconds": OLD.timestamp(),
        "events_refused": 1,
        "outbox_unsent": 2,
        "outbox_oldest_timestamp_seconds": OLD.timestamp(),
    } == samples(asked(tmp_path, ROWS))


def test_where_nothing_waits_there_is_no_oldest(tmp_path: Path) -> None:
    assert {
        "findings_open": 0,
        "slips_unanswered": 0,
        "events_refused": 0,
        "outbox_unsent": 0,
    } == samples(asked(tmp_path, {}))


def test_tables_that_do_not_answer_are_unknown_and_not_0() -> None:
    assert {} == samples(None)
