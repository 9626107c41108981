"""Grants and conventions from accepted events: acts, schedules, documents, accounts."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from services.verifier.records import Json, drop_nulls
from services.verifier.state.lines import Line
from services.verifier.state.orders import PlannedAmount, name_order, read_planned_lines

Document = tuple[str, int]
"""A document that a beneficiary owes: its kind and its year."""


@dataclass(slots=True)
class LineRecovery:
    """One recovery on one line (rules, 27 and 31)."""

    recovered: int = 0
    """Cents recovered by the name of the line."""
    came: int = 0
    revenue: int = 0
    """Of what came, what came after the budget's year."""


@dataclass(slots=True)
class Recovery:
    """One recovery: cents ordered and collected (rules, 27)."""

    ordered: int = 0
    collected: int = 0
    back: defaultdict[Line, LineRecovery] = field(default_factory=lambda: defaultdict(LineRecovery))

    def sum_named_on(self, line: Line) -> int:
        """Cents recovered by the name of a line that have not come back on it."""
        return max(0, self.back[line].recovered - self.back[line].came) if line in self.back else 0

    def sum_awaited_on(self, line: Line) -> int:
        """Cents of a line that it waits for: at most what has not been collected of it."""
        return max(0, min(self.sum_named_on(line), self.ordered - self.collected))


@dataclass(slots=True)
class Instalment:
    """A payment that a schedule plans (versement), and what was ordered of it so far."""

    trigger: str
    ceiling: bool
    documents: list[Document]
    lines: dict[Line, PlannedAmount]
    order: str | None = None
    """Its last order, unless an amendment has planned it anew since."""
    orders: int = 0
    orders_before: int = 0
    """How many of them were issued before it was planned, or before its year was opened."""
    signed_on: str | None = None
    """The day of the amendment that planned it, if one did."""
    ordered_before: bool = False
    """True if an order of an earlier year holds it."""
    paid_order: str | None = None
    """Where none does: the last of earlier years, since it was planned, of which any was paid."""
    due_again_on: str | None = None
    """The day of an order of an earlier year that is to be issued again."""
    set_off: bool = False
    """True if it was to be issued again and was held back (rules, 14 and 21)."""

    @property
    def cents(self) -> int:
        """Cents still planned in all."""
        return sum(each.cents for each in self.lines.values())

    def cents_on(self, line: Line) -> int:
        """Cents still planned on a line."""
        return self.lines[line].cents if line in self.lines else 0


@dataclass(slots=True)
class Convention:
    """A convention, or an award that stands for one (rules, 13)."""

    grant: str
    beneficiary: Json
    signed_on: str
    schedule: dict[str, Instalment]
    shares: dict[Line, dict[str, int]] = field(default_factory=dict)
    """Its money by line and column; `granted` beside the columns."""
    notified_on: str | None = None
    received: dict[Document, str] = field(default_factory=dict)
    """The day on which each document first came."""
    costs: dict[Document, tuple[int, int]] = field(default_factory=dict)
    """The record that last brought a document with an eligible cost, and that cost."""
    rejected: dict[Document, None] = field(default_factory=dict)
    """The documents rejected and not received since, in the order of their first rejection."""
    stands_alone: bool = False
    """True if an award stands here for a convention that was never signed."""
    state: str = "in_force"
    """`in_force`, `suspended` or `ended`: terminated, or its award withdrawn."""
    recoveries: dict[str, Recovery] = field(default_factory=dict)
    formerly: str | None = None
    """The reference of the grant in whose place it came: older orders bear it (rules, 13)."""
    is_for_rest: bool = False
    """True if it came for the rest of what that grant had ordered: recoveries may name both."""
    last_orders: dict[str, str] = field(default_factory=dict)
    """The last order of instalments in earlier years, where a number was another (rules, 32)."""
    year_cents: int | None = None
    """Of an award that stands here from an earlier year: all that year's to its SIRET (14)."""
    counts: dict[str, int] = field(default_factory=dict)
    """Numbers of orders of instalments that an amendment removed."""
    obligations: list[Json] = field(default_factory=list)
    earlier: dict[str, int] = field(default_factory=lambda: {"paid": 0, "ordered": 0})
    """Amounts of it when earlier years were closed."""

    def cents_on(self, line: Line, column: str) -> int:
        """Cents on a line in one column; 0 on a line that is not its own."""
        share = self.shares.get(line)
        return 0 if share is None else share[column]

    def remaining(self) -> dict[Line, int]:
        """The cents that remain on each line, where any do."""
        remaining = ((line, share["remaining"]) for line, share in self.shares.items())
        return {line: cents for line, cents in remaining if cents}

    def lines_in_order(self) -> list[Line]:
        """The lines as signed or amended; those that an amendment took away last (rules, 27)."""
        return list(dict.fromkeys((*cents_by_line(self.schedule), *self.shares)))

    def sum_paid_on(self, line: Line) -> int:
        """Cents paid on a line in the budget's own year and not recovered."""
        back = (each.back[line] for each in self.recoveries.values() if line in each.back)
        return self.cents_on(line, "paid") - sum(each.revenue for each in back)

    def headroom_on(self, line: Line, besides: Recovery | None = None) -> int:
        """Cents paid on a line that no recovery waits for, or none `besides` this (rules, 27)."""
        others = (each for each in self.recoveries.values() if each is not besides)
        return max(0, self.sum_paid_on(line) - sum(each.sum_awaited_on(line) for each in others))

    @property
    def paid_this_year_cents(self) -> int:
        """Cents paid in the budget's own year and not recovered."""
        paid = sum(each["paid"] for each in self.shares.values())
        return paid - self.revenue_cents()

    def revenue_cents(self) -> int:
        """Cents recovered after the budget's year: they reopen no credit."""
        return sum(on.revenue for each in self.recoveries.values() for on in each.back.values())

    @property
    def paid_cents(self) -> int:
        """Cents paid in all years and not recovered."""
        return self.earlier["paid"] + self.paid_this_year_cents

    @property
    def ordered_cents(self) -> int:
        """Cents ordered, or ordered when its year was closed."""
        return self.earlier["ordered"] + sum(each["ordered"] for each in self.shares.values())

    @property
    def drawn_cents(self) -> int:
        """Cents ordered or paid in all years and not recovered (rules, 22)."""
        return self.paid_cents + self.ordered_cents

    def eligible_cents(self, instalment: Instalment) -> int | None:
        """The cost that bounds an instalment, if one does (rules, 22)."""
        if not instalment.ceiling:
            return None
        given = [self.costs[key] for key in instalment.documents if key in self.costs]
        return max(given)[1] if given else None

    def find_met_day(self, instalment: Instalment) -> str | None:
        """The day that set an instalment off (rules, 19)."""
        if instalment.trigger == "signature":
            return instalment.signed_on or self.signed_on
        if instalment.trigger == "notification":
            return self.notified_on
        days = [self.received.get(each) for each in instalment.documents]
        return max(each or "" for each in days) if all(days) else None


@dataclass(slots=True)
class Award:
    """The award: act, beneficiary, lines and amounts."""

    act: Json
    title: str
    beneficiary: Json
    stands_alone: bool
    """True if it needs no convention."""
    conditions_year: int | None
    lines: dict[Line, int]
    """Cents granted on each line, with those added by later acts (rules, 15)."""
    carried_cents: int = 0
    """Cents that came from an earlier year."""
    year_cents: int | None = None
    """Of an award of an earlier year: what that year awarded to its SIRET in all (rules, 14)."""

    @property
    def siret(self) -> str:
        """The SIRET by which awards are added up."""
        return str(self.beneficiary["siret"])


@dataclass(slots=True)
class Grant:
    """The acts on one grant, the award among them; without nulls."""

    acts: list[Json] = field(default_factory=list)
    award: Award | None = None
    withdrawn: bool = False

    @property
    def stands_alone(self) -> bool:
        """True if the award needs no convention."""
        return self.award is not None and self.award.stands_alone

    @property
    def awarded(self) -> Award:
        """The award, where something rests on it; KeyError where there was none."""
        if self.award is None:
            raise KeyError("award")
        return self.award


def document_of(row: Json) -> Document:
    """The document that a row names."""
    return row["kind"], row["year"]


def award_falls(grant: Grant, data: Json) -> bool:
    """Not where the act is known as another, be the award there or not (rules, 17)."""
    fallen = find_withdrawn_act(grant, drop_nulls(data["act"]))
    return fallen is None or (grant.award is not None and fallen == grant.award.act)


def find_withdrawn_act(grant: Grant, withdrawn: Json) -> Json | None:
    """The act of a grant that a withdrawal names: as a whole, else by body and day (rules, 17)."""
    known = [*([grant.award.act] if grant.award else []), *grant.acts]
    alike = [act for act in known if all(act[each] == withdrawn[each] for each in ("body", "date"))]
    return withdrawn if withdrawn in alike else alike[0] if alike else None


def schedule_of(rows: list[Json]) -> dict[str, Instalment]:
    """The instalments that an event plans."""
    return {
        row["instalment"]: Instalment(
            row["trigger"],
            row["ceiling"],
            [document_of(each) for each in row.get("documents") or ()],
            read_planned_lines(row["lines"]),
        )
        for row in rows
    }


def is_award_alone(data: Json) -> bool:
    """Return whether an act is an award that stands for a convention (rules, 13)."""
    return data["role"] == "award" and data.get("requires_convention") is False


def award_alone(data: Json) -> Convention:
    """The award in the place of a convention; without a schedule it pays all at once."""
    whole = {"instalment": "1", "trigger": "signature", "ceiling": False, "lines": data["lines"]}
    schedule = schedule_of(data.get("instalments") or [whole])
    beneficiary = drop_nulls(data["beneficiary"])
    day = data["act"]["date"]
    return Convention(data["grant"], beneficiary, day, schedule, stands_alone=True)


def cents_by_line(schedule: dict[str, Instalment]) -> dict[Line, int]:
    """Cents planned by a schedule on each line."""
    totals: Counter[Line] = Counter()
    for instalment in schedule.values():
        totals.update({line: planned.cents for line, planned in instalment.lines.items()})
    return totals


def last_order(number: str, convention: Convention, key: str) -> str | None:
    """The order before the next one of an instalment, as it was called (rules, 25 and 32)."""
    instalment = convention.schedule[key]
    if instalment.order is not None or not instalment.orders:
        return instalment.order
    return convention.last_orders.get(key) or name_order(number, key, instalment.orders)
