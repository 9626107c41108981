"""A journal that is written on by hand: what a ledger that keeps the rules would decide."""

import json
from collections.abc import Iterable
from typing import Any

from services.verifier.findings import Findings, Place
from services.verifier.journal_proof import JournalProof
from services.verifier.records import (
    FIRST_HASH,
    Record,
    canonical,
    drop_nulls,
    read_record,
    sha256_hex,
)
from services.verifier.state.lines import KIND_OF
from tests.builders import Json, Scenario, a_bank_account, a_beneficiary, a_line, an_act, encoded
from tests.verifier.planting import spelled

AN_ACT = {"number": None} | an_act()


def a_move(
    stages: str,
    cents: int,
    convention: str | None = "C",
    instalment: str | None = None,
    operation: str = "489",
) -> Json:
    """`stages` is "ordered paid"; "- committed" comes from outside."""
    origin, target = (None if each == "-" else each for each in stages.split())
    return {
        "line": a_line(operation),
        "convention": convention,
        "instalment": instalment,
        "from": origin,
        "to": target,
        "amount_cents": cents,
    }


def an_order(name: str, *amounts: tuple[int, str], due_on: str = "2023-07-14", **more: Any) -> Json:
    """An order as it is issued, in cents by operation; its id names convention and instalment."""
    convention, instalment, *_ = name.split("/")
    row: Json = {
        "payment_order": name,
        "convention": convention,
        "instalment": instalment,
        "amount_cents": sum(cents for cents, _ in amounts),
        "paid_cents": 0,
        "state": "issued",
        "due_on": due_on,
        "lines": [
            {"line": a_line(operation), "amount_cents": cents, "services": None}
            for cents, operation in amounts
        ],
        "beneficiary": {"representative": None} | a_beneficiary(),
        "bank_account": a_bank_account(),
        "acts": [AN_ACT],
        "title": "Subvention 2023",
        "issued_on": "2023-06-01",
        "previous": None,
    }
    row |= more
    row["bank_account"] = {"bic": None, **row["bank_account"]}
    return row


def a_change(name: str, state: str, amount_cents: int, paid_cents: int, **more: Any) -> Json:
    """An order as an event leaves it."""
    row = an_order(name, (amount_cents, "489"), state=state, paid_cents=paid_cents, **more)
    members = ("payment_order", "convention", "instalment", "amount_cents", "paid_cents", "state")
    return {each: row[each] for each in (*members, "due_on")}


def refused(code: str, **facts: Any) -> Json:
    """The members of a record that refuses its event."""
    return {"outcome": "refused", "refusal": {"code": code, "facts": facts}}


def waits_for(kind: str, name: str) -> Json:
    """The members of a record whose event is parked."""
    return {"outcome": "parked", "waits_for": {"kind": kind, "id": name}}


def flagged(code: str, **facts: Any) -> Json:
    """The members of a record that asks a person to look."""
    return {"review_flags": [{"code": code, "facts": facts}]}


REVENUE = flagged("recovery_is_revenue")


class ByHand:
    """What a ledger decided of some events, and what was written behind it."""

    def __init__(self, scenario: Scenario) -> None:
        self.lines = [row.record for row in scenario.store.journal()]
        self.records: list[Record] = [read_record(line, Place()) for line in self.lines]

    def tell(
        self, event: Json, moves: Iterable[Json] = (), orders: Iterable[Json] = (), **members: Any
    ) -> "ByHand":
        """One more event, accepted, with its moves, their entries, and the orders it changes."""
        budget = event["partitionkey"]
        mine = [each for each in self.records if each.budget == budget]
        sequence = len(mine) + 1
        orders = [each | ({"budget": budget} if "lines" in each else {}) for each in orders]
        digested = {name: event[name] for name in ("type", "time", "data")}
        row = {
            "version": 1,
            "rules_version": 1,
            "budget": budget,
            "sequence": sequence,
            "previous_hash": mine[-1].row["hash"] if mine else FIRST_HASH,
            "hash": "",
            "source": {"topic": "test", "partition": 0, "offset": len(self.records) + 1},
            "event_id": event["id"],
            "event_source": event["source"],
            "event_sha256": sha256_hex(encoded(event)),
            "digest": sha256_hex(canonical(drop_nulls(digested))),
            "outcome": "accepted",
            "resumes": None,
            "waits_for": None,
            "refusal": None,
            "dead_letter": None,
            "review_flags": None,
            "moves": list(moves) or None,
            "commitment_entries": _entries(budget, sequence, list(moves), event) or None,
            "payment_orders": orders or None,
        } | members
        text = encoded(event).decode()
        record = Record(row, event, text, budget, sequence, row["outcome"], "", Place(), True)
        line = spelled(record, row)
        self.lines.append(line)
        self.records.append(read_record(line, Place()))
        return self

    def resume(self, sequence: int, moves: Iterable[Json] = (), **members: Any) -> "ByHand":
        """What waited under this number in the last record's budget is decided."""
        budget = self.records[-1].budget
        [parked] = [
            each for each in self.records if (each.budget, each.sequence) == (budget, sequence)
        ]
        members = {"resumes": sequence, "source": parked.row["source"]} | members
        return self.tell(parked.event, moves, **members)

    def codes(self) -> set[str]:
        """The code of each fault that the journal by itself has."""
        return {code for code, _ in self.findings()}

    def findings(self) -> list[tuple[str, str]]:
        """Code and sentence of each fault that the journal by itself has."""
        findings = Findings()
        proof = JournalProof(findings)
        for number, line in enumerate(self.lines):
            key = json.loads(line)["budget"].encode()
            proof.read(Place("by hand", 0, number), key, line)
        proof.end()
        proof.internal_events.end(proof.chains.heads)
        return [(each.code.code, each.text.en) for each in findings.kept]


def _entries(budget: str, sequence: int, moves: list[Json], event: Json) -> list[Json]:
    """One a kind, line and convention, by the award's act."""
    data = event["data"]
    day = data.get("signed_on", event["time"][:10]) if "opened" not in event["type"] else None
    totals: dict[tuple[str, str | None, str], int] = {}
    for each in moves:
        kind = KIND_OF.get((each["from"] or "", each["to"] or ""))
        if kind is not None:
            of = (kind, each["convention"], each["line"]["operation"])
            totals[of] = totals.get(of, 0) + each["amount_cents"]
    return [
        {
            "entry_id": f"{budget}/{sequence}/{index}",
            "kind": kind,
            "line": a_line(operation),
            "amount_cents": cents,
            "convention": convention,
            "act": AN_ACT,
            "effective_on": day or event["time"][:10],
        }
        for index, ((kind, convention, operation), cents) in enumerate(totals.items(), start=1)
    ]
