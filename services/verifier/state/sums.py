"""The money of one budget, and what must hold of it after each record and in all (rules, 33)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from services.verifier.findings import Code, Findings, Place
from services.verifier.state.grants import Convention, Instalment
from services.verifier.state.lines import COLUMNS, OUTSIDE, STAGES, Line, shown
from services.verifier.state.orders import GIVEN_BACK, Order, paid_of

Group = tuple[str | None, ...]
"""Lines whose credit is voted together (rules, 26)."""

Key = tuple[str | None, Line]
"""A balance: of a line, or of a convention on a line."""


class Sums:
    """Lines, conventions and orders, and the sums by which they agree."""

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
        self.place = Place()
        self._findings = findings
        self._reported: set[Any] = set()

    def begin(self, place: Place) -> None:
        """The next record is in hand: nothing was changed by it yet."""
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
                self._once(Code.BELOW_ZERO, what=f"{shown(line)} {stage}", cents=money[stage])

    def _prove_share(self, name: str, line: Line) -> None:
        convention = self.conventions[name]
        share, what = convention.shares[line], f"{name} {shown(line)}"
        for column in COLUMNS:
            if share[column] < 0:
                self._once(Code.BELOW_ZERO, what=f"{what} {column}", cents=share[column])
        parts = sum(share[column] for column in COLUMNS)
        self._same(f"{what} granted", parts, share["granted"])
        reserved = self.reserved.get((convention.grant, line), 0)
        if reserved < 0:
            self._once(Code.BELOW_ZERO, what=f"{convention.grant} {shown(line)}", cents=reserved)

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
            self._same(f"{shown(line)} appropriated", parts, -money[OUTSIDE])
            for stage in STAGES[1:5]:
                column = "remaining" if stage == "committed" else stage
                self._same(f"{shown(line)} {stage}", sums[line][column], money[stage])
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
            paid = paid_of(order.lines, order.paid_cents)
            for line, each in order.lines.items():
                had = paid.get(line, 0)
                asked[order.holder, line, "paid"] += had
                if order.state not in GIVEN_BACK:
                    asked[order.holder, line, "ordered"] += each.cents - had
        recovered: Counter[str] = Counter()
        for name, line in self._shares():
            share, what = self.conventions[name].shares[line], f"{name} {shown(line)}"
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
            self._same(f"{name} {shown(line)} {column}", cents, 0)

    def _same(self, what: str, expected: int, found: int) -> None:
        if expected != found:
            self._once(Code.SUMS_DIFFER, what=what, expected=expected, found=found)

    def _once(self, code: Code, **facts: Any) -> None:
        """Report each violation once, where it was first found."""
        found = (code, facts.get("what", facts.get("group")))
        if found not in self._reported:
            self._reported.add(found)
            self.find(code, **facts)
