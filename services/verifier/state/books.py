"""The books of one budget: everything that its accepted records add up to, recomputed."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from services.verifier.findings import Code, Findings, Place
from services.verifier.records import Json
from services.verifier.state.grants import Convention, Grant, Instalment
from services.verifier.state.lines import (
    COLUMN_OF,
    COLUMNS,
    MOVES_ALLOWED,
    OF_CREDIT,
    OUTSIDE,
    STAGES,
    Line,
    MoveKey,
    line_of,
    line_row,
    show_line,
    sort_key,
)
from services.verifier.state.orders import GIVEN_BACK, Order, print_lines, share_paid

THRESHOLD_CENTS = 2_300_000
"""Above it, a year's grants to one body need a convention (rules, 14)."""


Group = tuple[str | None, ...]
"""Lines whose credit is voted together (rules, 26)."""

Key = tuple[str | None, Line]
"""A balance: of a line, or of a convention on a line."""


class Books:
    """One budget as its journal leaves it, record by record, and the sums that must agree (33)."""

    def __init__(self, budget: str, findings: Findings) -> None:
        self.budget = budget
        self.level: str | None = None
        self.lines: dict[Line, dict[str, int]] = {}
        self.credit: Counter[Group] = Counter()
        self.reserved: dict[tuple[str, Line], int] = {}
        self.conventions: dict[str, Convention] = {}
        self.orders: dict[str, Order] = {}
        self.touched: set[Key] = set()
        """The balances that the last record changed."""
        self.gained: Counter[Group] = Counter()
        """Credit gained by each group in the last record; negative where it lost."""
        self.grants: dict[str, Grant] = {}
        self.awarded: Counter[str] = Counter()
        self.accounts: dict[str, Json] = {}
        self.opened_as = ""
        """The number under which the convention of the last internal event goes on."""
        self.parked: set[tuple[str, str]] = set()
        """Source and id of the events that wait."""
        self.closed = False
        self.open_at_closing: frozenset[str] = frozenset()
        self.carried_over: frozenset[str] = frozenset()
        """The conventions that go on in the next year."""
        self.place = Place()
        self._findings = findings
        self._reported: set[Any] = set()

    def begin(self, place: Place) -> None:
        """Begin with a record, which has changed nothing yet."""
        self.place, self.touched, self.gained = place, set(), Counter()

    def find(self, code: Code, **facts: Any) -> None:
        """Something is wrong with the record in hand."""
        self._findings.add(code, self.place, **facts)

    def line(self, line: Line) -> dict[str, int]:
        """The money of a line, opened at zero where it is first named."""
        money = self.lines.get(line)
        if money is None:
            money = self.lines[line] = dict.fromkeys((OUTSIDE, *STAGES), 0)
        return money

    def is_held(self, instalment: Instalment) -> bool:
        """Return whether an order holds it, of this year or an earlier one."""
        if instalment.order is None:
            return instalment.ordered_before
        return self.orders[instalment.order].state not in GIVEN_BACK

    def not_held(self, convention: Convention) -> list[str]:
        """The instalments that no order holds."""
        return [name for name, each in convention.schedule.items() if not self.is_held(each)]

    def live_cents(self, grant: str, line: Line) -> int:
        """Cents of a grant on a line that are reserved, remaining, ordered or paid (rules, 15)."""
        shares = [
            each.shares[line]
            for each in self.conventions.values()
            if each.grant == grant and line in each.shares
        ]
        live = sum(share["remaining"] + share["ordered"] + share["paid"] for share in shares)
        return self.reserved.get((grant, line), 0) + live

    def group_of(self, line: Line) -> Group:
        """The lines whose credit is controlled together with this one's (rules, 26)."""
        chapter, article, _, operation = line
        if self.level == "article":
            return (chapter, article)
        if self.level == "operation":
            return ("operation", operation) if operation is not None else (chapter, None)
        return (chapter,)

    def credit_again(self) -> Counter[Group]:
        """Available cents of each group."""
        credit: Counter[Group] = Counter()
        for line, money in self.lines.items():
            credit[self.group_of(line)] += money["available"]
        return credit

    def names_of(self, number: str) -> list[str]:
        """The names by which a recovery may call a convention (rules, 13)."""
        convention = self.conventions[number]
        is_both = convention.is_for_rest and convention.formerly is not None
        return [number, str(convention.formerly)] if is_both else [number]

    def holder_of(self, name: str) -> str:
        """The convention that a recovery names; `name` itself where there is none."""
        if name in self.conventions:
            return name
        return next((each for each in self.conventions if name in self.names_of(each)), name)

    def is_here(self, kind: str, name: str, *, for_recovery: bool = False) -> bool:
        """Return whether the dependency of a parked event is there (rules, 28)."""
        if kind == "budget":
            return self.level is not None
        if kind == "grant":
            return name in self.grants and self.grants[name].award is not None
        if kind == "recovery":
            name, _, number = name.partition("/")
            convention = self.conventions.get(self.holder_of(name))
            return convention is not None and number in convention.recoveries
        return kind == "convention" and (
            (self.holder_of(name) if for_recovery else name) in self.conventions
        )

    def alone(self, grant: str) -> Convention | None:
        """The award that stands for a convention, until one is signed for it.

        One that an earlier year renamed has no reference any more for which one could be signed.
        """
        found = self.conventions.get(grant)
        stands = found is not None and found.stands_alone and found.grant == grant
        return found if stands else None

    def is_drawn(self, convention: Convention) -> bool:
        """Return whether something of it is ordered, paid or recovered."""
        held = any(self.is_held(each) for each in convention.schedule.values())
        return held or convention.drawn_cents > 0 or bool(convention.recoveries)

    def is_held_back(self, convention: Convention) -> bool:
        """Return whether orders are held back: the year's grants are above 23,000 € (14)."""
        if not convention.stands_alone:
            return False
        siret = self.grants[convention.grant].awarded.siret
        year_cents = convention.year_cents
        return (self.awarded[siret] if year_cents is None else year_cents) > THRESHOLD_CENTS

    def is_taken(self, number: str) -> bool:
        """Return whether orders of that number exist or may yet."""
        alone = number in self.grants and self.grants[number].stands_alone
        known = self.conventions.values()
        return alone or number in self.conventions or any(each.formerly == number for each in known)

    def goes_on_as(self, opening: Json, number: str, *, of_grant: bool, own: str = "") -> str:
        """The name here of a convention or grant of the closed year, a grant's not `own` (32)."""
        while (
            number == own or self.is_taken(number) or (of_grant and self.is_here("grant", number))
        ):
            number = f"{number}@{opening['closed_budget'][-4:]}"
        return number

    def open(self, name: str, convention: Convention) -> None:
        """A convention comes into the books."""
        if name in self.conventions:
            self.find(Code.NUMBER_TWICE, what=name)
        self.conventions[name] = convention

    def move(self, move: Json, data: Json) -> None:
        """One move of the record in hand."""
        line, name, cents = line_of(move["line"]), move["convention"], move["amount_cents"]
        origin, target = stages = (move["from"], move["to"])
        may_be = stages in MOVES_ALLOWED and (name is None) == (stages in OF_CREDIT)
        if not may_be or type(cents) is not int or cents <= 0:
            self.find(Code.MOVE_IMPOSSIBLE, move=move)
            return
        money = self.line(line)
        money[origin or OUTSIDE] -= cents
        money[target or OUTSIDE] += cents
        if origin == "available" or target == "available":
            gained = cents if target == "available" else -cents
            self.credit[self.group_of(line)] += gained
            self.gained[self.group_of(line)] += gained
        if name is None and "reserved" in stages and not self.closed:  # There it lapsed, all of it.
            key = (self.grant_of(data), line)
            reserved = cents if target == "reserved" else -cents
            self.reserved[key] = self.reserved.get(key, 0) + reserved
        self.touched.add((None, line))
        if name is not None:
            self._move_convention(move, line, cents)
            self.touched.add((name, line))

    def _move_convention(self, move: Json, line: Line, cents: int) -> None:
        convention = self.conventions[move["convention"]]
        share = convention.shares.get(line)
        if share is None:
            share = convention.shares[line] = dict.fromkeys(("granted", *COLUMNS), 0)
        if move["from"] == "reserved":
            self.reserved[convention.grant, line] -= cents
        if move["from"] in {"reserved", "available", None}:
            share["granted"] += cents
        else:
            share[COLUMN_OF[move["from"]]] -= cents
        share[COLUMN_OF[move["to"]]] += cents

    def plan_without(self, moves: Mapping[MoveKey, int]) -> None:
        """Remove from the plan what is given up."""
        for (line, name, key, _, target), cents in moves.items():
            if target == "available" and name is not None and key is not None:
                self.conventions[name].schedule[key].lines[line].cents -= cents

    def grant_of(self, data: Json, convention: str | None = None) -> str:
        """The grant that an event is about, or a convention is signed for."""
        if convention is None and "grant" in data:
            return str(data["grant"])
        return self.conventions[convention or data["convention"]].grant

    def has(self, key: Key) -> bool:
        """Return whether the balance exists: an award's ends when a convention replaces it."""
        name, line = key
        if name is None:
            return line in self.lines
        return name in self.conventions and line in self.conventions[name].shares

    def figures(self, key: Key) -> Json:
        """One balance, member by member, as the contract prints it."""
        name, line = key
        row: Json = {"budget": self.budget}
        if name is None:
            money = self.lines[line]
            row |= {"line": line_row(line), "appropriated_cents": -money[OUTSIDE]}
            return row | {f"{stage}_cents": money[stage] for stage in STAGES}
        share = self.conventions[name].shares[line]
        row |= {"convention": name, "line": line_row(line), "granted_cents": share["granted"]}
        return row | {f"{column}_cents": share[column] for column in COLUMNS}

    def line_rows(self) -> list[Json]:
        """Every line, in order (rules, 35)."""
        return [self.figures((None, line)) for line in sorted(self.lines, key=sort_key)]

    def convention_rows(self) -> list[Json]:
        """Every convention on every line, in order."""
        shares = sorted(self._shares(), key=lambda each: (each[0], sort_key(each[1])))
        return [self.figures(each) for each in shares]

    def order_row(self, name: str) -> Json:
        """A payment order as it stands."""
        order = self.orders[name]
        named = {"payment_order": name, "budget": self.budget}
        return named | order.figures(name) | {"lines": print_lines(order.lines)}

    def prove_touched(self) -> None:
        """Prove what the last record moved."""
        for name, line in self.touched:
            if name is None:
                self._prove_line(line)
            else:
                self._prove_share(name, line)
        for group, cents in self.gained.items():
            # One that another level left below zero before the vote is only not lowered (26, 32).
            if cents < 0 and self.credit[group] < 0:
                named = "/".join(code or "-" for code in group)
                self._once(Code.CREDIT_EXCEEDED, group=named, cents=self.credit[group])

    def _prove_line(self, line: Line) -> None:
        money = self.lines[line]
        for stage in STAGES[1:]:
            if money[stage] < 0:
                self._once(Code.BELOW_ZERO, what=f"{show_line(line)} {stage}", cents=money[stage])

    def _prove_share(self, name: str, line: Line) -> None:
        convention = self.conventions[name]
        share, what = convention.shares[line], f"{name} {show_line(line)}"
        for column in COLUMNS:
            if share[column] < 0:
                self._once(Code.BELOW_ZERO, what=f"{what} {column}", cents=share[column])
        parts = sum(share[column] for column in COLUMNS)
        self._same(f"{what} granted", parts, share["granted"])
        reserved = self.reserved.get((convention.grant, line), 0)
        if reserved < 0:
            self._once(
                Code.BELOW_ZERO, what=f"{convention.grant} {show_line(line)}", cents=reserved
            )

    def prove_all(self) -> None:
        """Rule 33, added up from scratch: lines, conventions and orders agree."""
        sums: dict[Line, Counter[str]] = defaultdict(Counter)
        for name, line in self._shares():
            self._prove_share(name, line)
            sums[line].update(self.conventions[name].shares[line])
        for (_, line), cents in self.reserved.items():
            sums[line]["reserved"] += cents
        for line, money in self.lines.items():
            self._prove_line(line)
            parts = sum(money[stage] for stage in STAGES)
            self._same(f"{show_line(line)} appropriated", parts, -money[OUTSIDE])
            for stage in STAGES[1:5]:
                column = "remaining" if stage == "committed" else stage
                self._same(f"{show_line(line)} {stage}", sums[line][column], money[stage])
        for group, cents in self.credit_again().items():
            self._same(f"{group} available", cents, self.credit[group])
        self._prove_orders()

    def _shares(self) -> Iterator[tuple[str, Line]]:
        for name, convention in self.conventions.items():
            for line in convention.shares:
                yield name, line

    def _prove_orders(self) -> None:
        asked: Counter[tuple[str, Line, str]] = Counter()
        for order in self.orders.values():
            paid = share_paid(order.lines, order.paid_cents)
            for line, each in order.lines.items():
                had = paid.get(line, 0)
                asked[order.holder, line, "paid"] += had
                if order.state not in GIVEN_BACK:
                    asked[order.holder, line, "ordered"] += each.cents - had
        recovered: Counter[str] = Counter()
        for name, line in self._shares():
            share, what = self.conventions[name].shares[line], f"{name} {show_line(line)}"
            self._same(f"{what} ordered", asked.pop((name, line, "ordered"), 0), share["ordered"])
            had = asked.pop((name, line, "paid"), 0)
            recovered[name] += had - share["paid"]
            if had < share["paid"]:
                self._same(f"{what} paid", had, share["paid"])
        for name, convention in self.conventions.items():
            # What came back is paid no more; the orders keep their figures (rules, 27).
            came = sum(each.collected for each in convention.recoveries.values())
            came -= convention.revenue_cents()
            self._same(f"{name} recovered", came, recovered[name])
        for (name, line, column), cents in asked.items():
            # An order outlives the award that stood for its convention: rejected, it holds nothing.
            self._same(f"{name} {show_line(line)} {column}", cents, 0)

    def _same(self, what: str, expected: int, actual: int) -> None:
        if expected != actual:
            self._once(Code.SUMS_DIFFER, what=what, expected=expected, found=actual)

    def _once(self, code: Code, **facts: Any) -> None:
        """Report each violation once, where it was first found."""
        found = (code, facts.get("what", facts.get("group")))
        if found not in self._reported:
            self._reported.add(found)
            self.find(code, **facts)
