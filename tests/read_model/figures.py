"""What `ecluse replay --json` prints, made of the tables alone: to be held against the ledger's."""

import json
from collections.abc import Iterator
from typing import Any, Final

from services.ledger.explain.answers import flag_row
from services.ledger.explain.refusals import refusal_row
from services.ledger.files.replay import FILE_MARK
from tests.builders import Json
from tests.read_model.filling import Tables

LINE: Final = ("chapter", "article", "function", "operation")
OUTCOMES: Final = ("accepted", "duplicate", "refused", "parked", "dead_letter")

Row = dict[str, Any]


def figures(tables: Tables) -> Json:
    """The summary of the journal that the tables were filled from."""
    outcomes = {name: sum(row[name] for row in tables["outcomes"]) for name in OUTCOMES}
    return {
        "events": sum(row["received"] for row in tables["outcomes"]),
        "outcomes": outcomes,
        "lines": [_balance(row, ("budget",)) for row in _sorted(tables["lines"], "budget", *LINE)],
        "conventions": [
            _balance(row, ("budget", "convention"))
            for row in _sorted(tables["convention_lines"], "budget", "convention", *LINE)
        ],
        "payment_orders": [
            _order(row, tables) for row in _sorted(tables["payment_orders"], *PLACE, "item")
        ],
        "commitment_entries": [
            {
                "entry_id": row["entry_id"],
                "budget": row["budget"],
                "kind": row["kind"],
                "line": line(row),
                "amount_cents": row["amount_cents"],
                "convention": row["convention"],
            }
            for row in _sorted(tables["commitment_entries"], *PLACE, "item")
        ],
        "refusals": [_coded(row, refusal_row(row)) for row in tables["refusals"]],
        "dead_letters": [
            {"position": _position(row), "reason": row["reason"]}
            for row in _sorted(tables["dead_letters"], "source_topic", "source_offset")
        ],
        "review_flags": list(
            _by_document([_coded(row, flag_row(row)) for row in tables["review_flags"]])
        ),
        "heads": {row["budget"]: row["head"] for row in tables["budgets"]},
    }


PLACE: Final = ("budget", "sequence")


def line(row: Row) -> Row:
    """The line of a row as the contract prints it."""
    return {name: row[name] or None for name in LINE}


def _position(row: Row) -> int | str:
    topic, number, offset = (row[f"source_{name}"] for name in ("topic", "partition", "offset"))
    return offset if FILE_MARK in topic else f"{topic}/{number}/{offset}"


def _sorted(rows: list[Row], *names: str) -> list[Row]:
    return sorted(rows, key=lambda row: tuple(row[name] for name in names))


def _balance(row: Row, names: tuple[str, ...]) -> Row:
    cents = {name: value for name, value in row.items() if name.endswith("_cents")}
    return {name: row[name] for name in names} | {"line": line(row)} | cents


def _order(row: Row, tables: Tables) -> Row:
    names = ("payment_order", "budget", "convention", "instalment", "amount_cents", "paid_cents")
    lines = [
        {"line": line(each), "amount_cents": each["amount_cents"], "services": each["services"]}
        for each in tables["payment_order_lines"]
        if (each["budget"], each["payment_order"]) == (row["budget"], row["payment_order"])
    ]
    return {name: row[name] for name in names} | {
        "state": row["state"],
        "due_on": row["due_on"].isoformat(),
        "lines": lines,
    }


def _coded(row: Row, coded: Row) -> Row:
    return {"budget": row["budget"], "event_id": row["event_id"], **coded}


def as_printed(summary: Json) -> Json:
    """The ledger's summary as JSON gives it back, a flag for each late document."""
    printed: Json = json.loads(json.dumps(summary))
    printed["review_flags"] = list(_by_document(printed["review_flags"]))
    return printed


def _by_document(flags: list[Json]) -> Iterator[Json]:
    """Flags, of each late document the first: that it is late again depends on what came since."""
    late = set()
    for flag in flags:
        facts = flag["facts"]
        if flag["code"] != "report_late":
            yield flag
            continue
        for document in facts["documents"]:
            name = (flag["budget"], facts["convention"], document["kind"], document["year"])
            if name not in late:
                late.add(name)
                yield flag | {"facts": facts | {"documents": [document]}}
