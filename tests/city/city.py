"""A city's diary over three years: what is said day by day, and what must come of it.

The sums beside the events are made where the events are: nothing here asks the ledger.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from tests.builders import (
    Json,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_report,
    an_acknowledgement,
    an_act,
    an_award,
    an_instalment,
    encoded,
)
from tests.city.associations import Association

TOWN: Final = "21590350100017"
MAIN, ANNEX = "00", "01"
YEARS: Final = (2024, 2025, 2026)
CLOSED: Final = YEARS[:2]
TODAY: Final = date(2026, 11, 30)
"""The day on which the diary ends."""

SESSION: Final = (4, 2)
"""Month and day on which the council awards grants."""

PATIENCE: Final = timedelta(days=30)
TO_PAY: Final = timedelta(days=60)

ACCEPTED, DUPLICATE, DEAD_LETTER = TAKEN = "accepted", "duplicate", "dead_letter"
WITHDRAWN: Final = "withdrawn"
"""What becomes of an event; else it is the code by which it is refused."""

Shares = dict[str, int]
"""Cents by operation."""


def budget_of(section: str, year: int) -> str:
    return f"{TOWN}-{section}-{year}"


def a_place(operation: str) -> Json:
    """The line of an operation."""
    return {"chapter": "65", "article": "65748", "function": operation[1:], "operation": operation}


def on_lines(shares: Shares) -> list[Json]:
    return [{"line": a_place(name), "amount_cents": cents} for name, cents in shares.items()]


class Said(NamedTuple):
    """One event, the day on which it is said, and what becomes of it in the end."""

    day: date
    number: int
    event: Json | bytes
    outcome: str


class Document(NamedTuple):
    """What a beneficiary has to hand in by a day."""

    budget: str
    convention: str
    kind: str
    year: int


@dataclass
class City:
    """The diary, and the figures that must come of it."""

    chance: random.Random
    said: list[Said] = field(default_factory=list)
    paid_cents: Counter[str] = field(default_factory=Counter)
    """What stays paid of each budget."""
    carried_cents: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What a closing takes into the next year, by closed budget and convention."""
    conventions: set[tuple[str, str]] = field(default_factory=set)
    orders: dict[tuple[str, str], tuple[str, int, int]] = field(default_factory=dict)
    """State, amount and paid of each order."""
    unpaid_by: dict[tuple[str, str], date] = field(default_factory=dict)
    """When orders that stay open were due."""
    owed: dict[Document, date] = field(default_factory=dict)
    """What was not handed in, or rejected, and the day by which it was due."""

    def say(self, day: date, event: Json | bytes, outcome: str = ACCEPTED) -> Json | bytes:
        """Write an event into the diary, under an id of its own."""
        number = len(self.said) + 1
        if isinstance(event, dict):
            event |= {"id": f"{event['type'].split('.')[1]}-{number}", "time": f"{day}T12:00:00Z"}
        return self.repeat(day, event, outcome)

    def repeat(self, day: date, event: Json | bytes, outcome: str) -> Json | bytes:
        """Write an event into the diary as it is."""
        self.said.append(Said(day, len(self.said) + 1, event, outcome))
        return event

    def in_order(self) -> list[Said]:
        return sorted(self.said, key=lambda each: each[:2])

    def files(self) -> list[list[bytes]]:
        """The diary in three parts, each to the end of the day on which a year is closed."""
        ends = [date(year + 1, 1, 31) for year in CLOSED] + [TODAY]
        begins = [date.min, *ends]
        return [
            [encoded(each.event) for each in self.in_order() if begin < each.day <= end]
            for begin, end in zip(begins, ends, strict=False)
        ]

    def late(self) -> dict[Document, date]:
        """What is late today."""
        return {document: due_on for document, due_on in self.owed.items() if due_on <= TODAY}

    def deadlines(self) -> Iterator[Json]:
        """What a watch says today; a replay has none."""
        days = {(each.budget, each.convention, due) for each, due in self.late().items()}
        for budget, convention, due_on in sorted(days):
            more: Json = {"budget": budget, "convention": convention, "due_on": str(due_on)}
            yield a_deadline("report_due", **more, _id=f"report/{budget}/{convention}/{due_on}")
        for (budget, order), due_on in sorted(self.unpaid_by.items()):
            more = {"budget": budget, "payment_order": order, "due_on": str(due_on)}
            yield a_deadline(**more, _id=f"payment/{budget}/{order}")
        for each in self.in_order():
            if each.outcome == "dependency_missing" and isinstance(each.event, dict):
                reference = {name: each.event[name] for name in ("source", "id")}
                more = {"budget": each.event["partitionkey"], "event": reference}
                more["due_on"] = str(each.day + PATIENCE)
                yield a_deadline("parked", **more, _id=f"parked/{each.number}")

    def refusals(self) -> Counter[str]:
        """How many events are refused by each code."""
        codes = (each.outcome for each in self.said if each.outcome not in TAKEN)
        return Counter("dependency_missing" if code == WITHDRAWN else code for code in codes)

    def outcomes(self) -> Counter[str]:
        """How many events end how, behind the deadlines and with what was carried over."""
        counted = Counter(each.outcome for each in self.said if each.outcome in TAKEN)
        counted[ACCEPTED] += len(list(self.deadlines())) + len(self.carried_cents)
        return counted + Counter(refused=self.refusals().total())


@dataclass(frozen=True)
class Grant:
    """A grant of an association, and the words in which its life is written."""

    city: City
    section: str
    year: int
    number: int
    association: Association
    shares: Shares
    convention: str
    """The number of the convention; the grant's own reference where there is none."""

    @property
    def budget(self) -> str:
        return budget_of(self.section, self.year)

    @property
    def reference(self) -> str:
        return f"SUB-{self.number:03}"

    @property
    def cents(self) -> int:
        return sum(self.shares.values())

    def alone(self) -> "Grant":
        """The same without a convention."""
        return replace(self, convention=self.reference)

    def next_year(self) -> "Grant":
        return replace(self, year=self.year + 1)

    def day(self, month: int, day: int, later: int = 0) -> date:
        return date(self.year + later, month, day)

    def part(self, share: int, of: int) -> list[Json]:
        """The share-th of so many equal parts, line by line; the last has what is left over."""
        parts = {
            name: cents // of + (cents % of if share == of else 0)
            for name, cents in self.shares.items()
        }
        return on_lines(parts)

    def tell(self, day: date, event: Json, outcome: str = ACCEPTED) -> Json | bytes:
        return self.city.say(day, event, outcome)

    def say(self, day: date, build: Callable[..., Json], dated: str, **more: Any) -> None:
        """Write an event of this convention, dated in this member."""
        self.tell(day, build(**self.of(**{dated: str(day)}, **more)))

    def of(self, **more: Any) -> Json:
        """What an event of this convention says at least."""
        return {"budget": self.budget, "convention": self.convention} | more

    def award(self, outcome: str = ACCEPTED, **more: Any) -> None:
        if more.get("requires_convention") is False and outcome == ACCEPTED:
            self.city.conventions.add((self.budget, self.convention))
        facts: Json = {
            "budget": self.budget,
            "grant": self.reference,
            "act": an_act(str(self.day(*SESSION)), number=f"D{self.number}"),
            "title": f"Soutien à l’action de {self.association.name}",
            "beneficiary": self.association.beneficiary,
            "lines": on_lines(self.shares),
        }
        self.tell(self.day(*SESSION), an_award(**(facts | more)), outcome)

    def sign(
        self, day: date, *instalments: Json, outcome: str = ACCEPTED, owes: bool = True, **more: Any
    ) -> None:
        """Sign the convention; it owes a financial report six months behind the year's end."""
        due_on = date(self.year + 1, 6, 30)
        obligation = {"kind": "financial_report", "year": self.year, "due_on": str(due_on)}
        facts = self.of(
            grant=self.reference,
            acts=[an_act(str(self.day(*SESSION)))],
            signed_on=str(day),
            starts_on=f"{self.year}-01-01",
            ends_on=f"{self.year}-12-31",
            beneficiary=self.association.beneficiary,
            bank_account=self.association.bank_account(),
            signatory="Ève-Maëlle D’Œuvre",
            instalments=list(instalments),
            obligations=[obligation] if owes else [],
        )
        self.tell(day, a_convention(**(facts | more)), outcome)
        if outcome == ACCEPTED:
            self.city.conventions.add((self.budget, self.convention))
            if owes:
                self.owe(due_on)

    def sign_for_one_order(self, day: date) -> str:
        """Sign a convention that pays all of it at once; return the order."""
        self.sign(day, planned("unique", self.part(1, 1), "signature"))
        return f"{self.convention}/unique"

    def owe(self, due_on: date, kind: str = "financial_report") -> None:
        of_year = due_on.year - 1
        self.city.owed[Document(self.budget, self.convention, kind, of_year)] = due_on

    def report(self, day: date, kind: str, year: int, outcome: str = ACCEPTED, **more: Any) -> None:
        self.tell(day, a_report(kind, year, **self.of(received_on=str(day), **more)), outcome)
        if outcome == ACCEPTED:
            self.city.owed.pop(Document(self.budget, self.convention, kind, year), None)

    def new_account(self, day: date, change: int = 0) -> None:
        account = self.association.bank_account(change)
        said: Json = {"beneficiary": self.association.beneficiary, "effective_on": str(day)}
        self.tell(day, a_new_account(**said, budget=self.budget, bank_account=account))

    def acknowledge(self, order: str, state: str, day: date, **more: Any) -> None:
        said: Json = {"budget": self.budget, "on": str(day)}
        self.tell(day, an_acknowledgement(state, order, **said, **more))

    def pay(self, instalment: str, cents: int, due_from: date, *, parts: int = 1) -> None:
        """The accountant takes an order in charge and pays it, in one sum or in parts."""
        order = f"{self.convention}/{instalment}"
        self.acknowledge(order, "taken_in_charge", due_from + timedelta(days=6))
        self.send_money(order, cents, due_from + timedelta(days=20), parts)
        self.city.orders[self.budget, order] = ("paid", cents, cents)

    def send_money(self, order: str, cents: int, day: date, parts: int = 1) -> None:
        for part in range(parts):
            share = cents // parts + (cents % parts if part == 0 else 0)
            said: Json = {"budget": self.budget, "executed_on": str(day)}
            self.tell(day + timedelta(days=part), a_payment(share, order, **said))
        self.city.paid_cents[self.budget] += cents

    def leave_open(self, instalment: str, cents: int, due_from: date) -> None:
        """An order that nobody pays."""
        order = f"{self.convention}/{instalment}"
        self.city.orders[self.budget, order] = ("issued", cents, 0)
        if due_from + TO_PAY < TODAY:
            self.city.unpaid_by[self.budget, order] = due_from + TO_PAY


def total(lines: list[Json]) -> int:
    return sum(each["amount_cents"] for each in lines)


def planned(name: str, lines: list[Json], trigger: str, *documents: tuple[str, int]) -> Json:
    """An instalment; what waits for accounts is limited by them."""
    more: Json = {"documents": list(documents)} if documents else {"trigger": trigger}
    ceiling = any(kind == "certified_accounts" for kind, _ in documents)
    return an_instalment(name=name, lines=lines, ceiling=ceiling, **more)
