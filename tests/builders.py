"""Events as tests write them: each names only what it is about; the rest is the Lille Avenirs case.

`Scenario` runs events through the ledger, and shows what came out in the contract's terms.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from events import topics
from events.envelope import INTERNAL_EVENTS
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.ports import Store
from services.ledger.application.restore import VERSIONS
from services.ledger.domain.invariants import check_book
from services.ledger.domain.journal import JournalRecord, Source
from services.ledger.domain.model.book import Book, BudgetState
from services.ledger.files.stores import MemoryStore
from services.ledger.files.summary import summary

BUDGET = "21590350100017-00-2023"
NEXT_BUDGET = "21590350100017-00-2024"
SIRET = "37887770800040"
OTHER_ESTABLISHMENT = "37887770800057"
OTHER_BODY = "21590350100017"
IBAN = "FR7610278027150004578690110"
OTHER_IBAN = "FR7630001007941234567890185"

Json = dict[str, Any]


def a_line(operation: str | None = "489", **codes: Any) -> Json:
    line = {"chapter": "65", "article": "65748", "function": "61", "operation": operation} | codes
    return {name: code for name, code in line.items() if code is not None}


def an_amount(amount_cents: int, operation: str | None = "489", **more: Any) -> Json:
    """An amount on a line of chapter 65; `services={"EMPLOI": 10}` shares it."""
    services = more.pop("services", None)
    row: Json = {"line": more.pop("line", None) or a_line(operation), "amount_cents": amount_cents}
    if services is not None:
        row["services"] = [{"code": code, "amount_cents": c} for code, c in services.items()]
    return row | more


def an_event(type_: str, data: Json, **envelope: Any) -> Json:
    """An event of `type_` ("budget.voted"); its id is made of its type and what it names."""
    names = ("grant", "convention", "payment_order", "stage", "role", "document", "amount_cents")
    default_id = "/".join([type_, *(str(data[name]) for name in names if name in data)])
    event: Json = {
        "specversion": "1.0",
        "id": default_id,
        "source": "urn:test",
        "type": f"ecluse.{type_}.v1",
        "time": "2023-06-01T12:00:00+02:00",
        "partitionkey": data.get("budget", BUDGET),
        "data": {"budget": BUDGET} | data,
    }
    event |= envelope
    return {name: value for name, value in event.items() if value is not None}


def _split(overrides: Json) -> tuple[Json, Json]:
    """Envelope attributes are given with a leading underscore: `_id="twice"`."""
    envelope = {name[1:]: value for name, value in overrides.items() if name.startswith("_")}
    data = {name: value for name, value in overrides.items() if not name.startswith("_")}
    return data, envelope


def _build(type_: str, defaults: Json, overrides: Json) -> Json:
    data, envelope = _split(overrides)
    merged = {name: value for name, value in (defaults | data).items() if value is not ...}
    return an_event(type_, merged, **envelope)


def an_act(day: str = "2023-04-12", body: str = "Conseil municipal", **more: Any) -> Json:
    return {"body": body, "date": day} | more


def a_beneficiary(**more: Any) -> Json:
    return {"name": "Lille Avenirs", "siret": SIRET} | more


def a_bank_account(iban: str = IBAN) -> Json:
    return {"iban": iban, "holder": "Lille Avenirs"}


def a_vote(amount_cents: int = 100_000, **more: Any) -> Json:
    """The initial vote, at the level of chapters; `stage`, `appropriations` … to say otherwise.

    A member given as `...` is left out.
    """
    defaults: Json = {
        "stage": "initial",
        "vote_level": "chapter",
        "act": an_act("2023-02-03"),
        "appropriations": [an_amount(amount_cents)],
    }
    if more.get("stage", "initial") != "initial":
        defaults["vote_level"] = ...
    return _build("budget.voted", defaults, more)


def a_transfer(amount_cents: int = 1_000, to: str = "490", **more: Any) -> Json:
    defaults = {"from_line": a_line(), "to_line": a_line(to), "amount_cents": amount_cents}
    return _build("credits.transferred", defaults, more)


def an_award(amount_cents: int = 100_000, **more: Any) -> Json:
    """A deliberation that awards grant G; `requires_convention=False` for one that stands alone."""
    defaults = {
        "act": an_act(),
        "grant": "G",
        "role": "award",
        "title": "Subvention 2023",
        "beneficiary": a_beneficiary(),
        "lines": [an_amount(amount_cents)],
    }
    return _build("deliberation.adopted", defaults, more)


def a_vote_and_awards(budget: str, count: int, first: int = 0, name: str = "e") -> list[Json]:
    """A vote as number 0, then awards of a cent: those from `first` on, with ids e0, e1 …."""
    numbers = range(first, first + count)
    awards = {each: an_award(1, budget=budget, grant=f"G{each}") for each in numbers}
    events = awards | ({} if first else {0: a_vote(10**9, budget=budget)})
    return [events[each] | {"id": f"{name}{each}"} for each in numbers]


def a_concurring_act(**more: Any) -> Json:
    return an_award(role="concurring", lines=..., act=more.pop("act", an_act("2023-04-13")), **more)


def an_instalment(amount_cents: int = 100_000, name: str = "advance", **more: Any) -> Json:
    """Set off by signature, or by reports: `documents=[("activity_report", 2022)]`."""
    documents = more.pop("documents", None)
    row: Json = {
        "instalment": name,
        "trigger": "signature" if documents is None else "reports",
        "ceiling": False,
        "lines": [an_amount(amount_cents)],
    }
    if documents is not None:
        row["documents"] = [{"kind": kind, "year": year} for kind, year in documents]
    return row | more


def a_convention(amount_cents: int = 100_000, **more: Any) -> Json:
    """Convention C on grant G, with a bank account, paid at signature."""
    defaults = {
        "convention": "C",
        "grant": "G",
        "acts": [an_act()],
        "signed_on": "2023-05-15",
        "starts_on": "2023-01-01",
        "ends_on": "2023-12-31",
        "beneficiary": a_beneficiary(),
        "bank_account": a_bank_account(),
        "instalments": [an_instalment(amount_cents)],
    }
    return _build("convention.signed", defaults, more)


def _always(type_: str, **defaults: Any) -> Callable[..., Json]:
    """A builder of events that name nothing by their place."""
    return lambda **more: _build(type_, deepcopy(defaults), more)


a_notification = _always("convention.notified", convention="C", notified_on="2023-05-20")


def a_report(kind: str = "activity_report", year: int = 2022, **more: Any) -> Json:
    defaults = {
        "convention": "C",
        "document": {"kind": kind, "year": year},
        "received_on": "2023-06-26",
    }
    return _build("report.received", defaults, more)


def a_new_account(iban: str = OTHER_IBAN, **more: Any) -> Json:
    defaults = {
        "beneficiary": a_beneficiary(),
        "bank_account": a_bank_account(iban),
        "effective_on": "2023-06-01",
    }
    return _build("bank-account.changed", defaults, more)


def an_acknowledgement(
    state: str = "taken_in_charge", order: str = "C/advance", **more: Any
) -> Json:
    defaults = {"payment_order": order, "state": state, "on": "2023-05-22"}
    return _build("payment-order.acknowledged", defaults, {"_id": f"ack/{order}/{state}"} | more)


def a_payment(amount_cents: int = 100_000, order: str = "C/advance", **more: Any) -> Json:
    defaults = {"payment_order": order, "amount_cents": amount_cents, "executed_on": "2023-05-30"}
    return _build("payment.executed", defaults, more)


def a_closing(carry_over: Any = "none", **more: Any) -> Json:
    """The year is closed; conventions are carried over by name: `a_closing(["C"])`."""
    if isinstance(carry_over, list):
        carry_over = [{"convention": name} for name in carry_over]
    defaults = {"closed_on": "2024-01-31", "carry_over": carry_over}
    return _build("fiscal-year.closed", defaults, {"_time": "2024-01-31T18:00:00+01:00"} | more)


a_withdrawal = _always(
    "deliberation.withdrawn", act=an_act(), grant="G", cause="withdrawn", reason="Illégalité"
)
"""The award of grant G falls; `act=` another one."""


def an_amendment(amount_cents: int = 100_000, **more: Any) -> Json:
    """A new schedule of convention C: one instalment `rest`, at signature."""
    defaults = {
        "convention": "C",
        "amendment": "1",
        "signed_on": "2023-09-01",
        "instalments": [an_instalment(amount_cents, "rest")],
    }
    return _build("convention.amended", defaults, more)


PARKED = {"source": "urn:test", "id": "parked"}
a_withdrawn_event = _always("event.withdrawn", event=PARKED, reason="Numéro erroné")
ARTICLE_7 = {"convention": "C", "effective_on": "2023-09-01", "reason": "Article 7"}
a_suspension = _always("convention.suspended", **ARTICLE_7)
a_resumption = _always("convention.resumed", **ARTICLE_7)
a_termination = _always("convention.terminated", **ARTICLE_7)


def a_rejected_report(kind: str = "activity_report", year: int = 2022, **more: Any) -> Json:
    defaults = {
        "convention": "C",
        "document": {"kind": kind, "year": year},
        "reason": "Comptes non signés",
    }
    return _build("report.rejected", defaults, more)


def a_reduction(amount_cents: int = 1_000, **more: Any) -> Json:
    defaults = {"convention": "C", "lines": [an_amount(amount_cents)], "reason": "Action réduite"}
    return _build("commitment.reduced", defaults, more)


def a_recovery(cents: int = 1_000, verb: str = "ordered", **more: Any) -> Json:
    """Recovery R of convention C in one sum; `lines=` gives it by line."""
    defaults = {
        "convention": "C",
        "recovery": "R",
        "amount_cents": ... if "lines" in more else cents,
        "on": "2023-10-01",
        "reason": "Trop-perçu",
    }
    return _build(f"recovery.{verb}", defaults, more)


def a_collection(cents: int = 1_000, **more: Any) -> Json:
    return a_recovery(cents, "collected", **more)


def a_deadline(kind: str = "payment_due", **more: Any) -> Json:
    """Order C/advance was due, or convention C owes a report; `event=` of kind parked."""
    subject: Json = {
        "payment_due": {"payment_order": "C/advance"},
        "report_due": {"convention": "C"},
    }
    defaults = {"kind": kind, "due_on": "2023-07-14"} | subject.get(kind, {})
    return _build("deadline.passed", defaults, {"_source": "urn:ecluse:watch"} | more)


def a_review(sequence: int = 1, **more: Any) -> Json:
    """A person has seen a record of the budget; `chain="_dead.0"` of a dead letter."""
    defaults = {
        "sequence": sequence,
        "reviewed_by": "Martine AUBERT",
        "reviewed_on": "2023-07-20",
    }
    its_id = f"review/{more.get('chain', '')}/{sequence}"
    envelope = {"_source": "urn:ecluse:console", "_id": its_id}
    return _build("record.reviewed", defaults, envelope | more)


def encoded(event: Json | bytes) -> bytes:
    """The event's bytes as a careful sender writes them."""
    if isinstance(event, bytes):
        return event
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def topic_of(event: Json | bytes) -> str:
    """Where a careful sender writes it: what Écluse says to itself among its internal events."""
    internal_event = any(f'"{name}"'.encode() in encoded(event) for name in INTERNAL_EVENTS)
    return topics.INTERNAL_EVENTS if internal_event else topics.EVENTS


class Scenario:
    """Events given to a ledger one after the other."""

    def __init__(self, *events: Json | bytes, store: Store | None = None) -> None:
        self.store = store or MemoryStore()
        self.ledger = Ledger()
        self.records: list[JournalRecord] = []
        self.sent = 0
        self.delivered = 0
        for event in events:
            self.tell(event)

    def tell(self, event: Json | bytes) -> list[JournalRecord]:
        """One more event; its records, woken ones included. The invariants hold after each."""
        self.sent += 1
        return self._handle(RawRecord(encoded(event), Source("test", 0, self.sent)))

    def deliver(self) -> list[JournalRecord]:
        """The internal events written meanwhile, read as behind the input of a replay."""
        records = []
        for number, value in list(self.store.internal_events(self.delivered)):
            records += self._handle(RawRecord(value, Source(topics.INTERNAL_EVENTS, 0, number)))
            self.delivered = number + 1
        return records

    def internal_events(self) -> list[Json]:
        """What the ledger wrote to next year's budgets, whether or not it was read."""
        return [json.loads(value) for _, value in self.store.internal_events()]

    def _handle(self, raw: RawRecord) -> list[JournalRecord]:
        records = self.ledger.handle(raw)
        self.records += records
        self.store.commit(self.ledger.commit_batch([]), VERSIONS)
        for state in self.ledger.budgets.values():
            check_book(state.book)
        return records

    @property
    def last(self) -> JournalRecord:
        return self.records[-1]

    @property
    def state(self) -> BudgetState:
        return self.ledger.budgets[BUDGET]

    @property
    def book(self) -> Book:
        return self.state.book

    def summary(self) -> Json:
        return summary(self.ledger, self.store.journal())

    def answer(self) -> str:
        """The last outcome in a word: `accepted`, a refusal's code, what it waits for, a reason."""
        record = self.last
        if record.refusal is not None:
            return str(record.refusal["code"])
        if record.waits_for is not None:
            return "waits for {kind} {id}".format(**record.waits_for)
        if record.dead_letter is not None:
            return str(record.dead_letter["reason"])
        return str(record.outcome)

    def flags(self) -> list[str]:
        """The codes of the last record's review flags."""
        return [str(flag["code"]) for flag in self.last.review_flags]

    def line(self, operation: str = "489", budget: str = BUDGET) -> dict[str, int]:
        """The money of a line: `{"available": 10, …}`, zeros left out."""
        for row in self.summary()["lines"]:
            if (row["budget"], row["line"]["operation"]) == (budget, operation):
                return _figures(row)
        return {}

    def convention(
        self, name: str = "C", operation: str = "489", budget: str = BUDGET
    ) -> dict[str, int]:
        """The money of a convention on a line, zeros left out."""
        for row in self.summary()["conventions"]:
            found = (row["budget"], row["convention"], row["line"]["operation"])
            if found == (budget, name, operation):
                return _figures(row)
        return {}

    def orders(self, budget: str = BUDGET) -> dict[str, tuple[str, int, int]]:
        """Every payment order of a budget: state, amount and paid, in cents."""
        return {
            row["payment_order"]: (str(row["state"]), row["amount_cents"], row["paid_cents"])
            for row in self.summary()["payment_orders"]
            if row["budget"] == budget
        }


def _figures(row: Json) -> dict[str, int]:
    return {
        name.removesuffix("_cents"): cents
        for name, cents in row.items()
        if name.endswith("_cents") and cents
    }
