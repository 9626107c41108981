"""The books of one budget: everything that its accepted records add up to, recomputed."""

from collections import Counter
from collections.abc import Mapping

from services.verifier.findings import Code, Findings
from services.verifier.records import Json
from services.verifier.state.grants import Convention, Grant
from services.verifier.state.lines import (
    COLUMN_OF,
    COLUMNS,
    MOVES_ALLOWED,
    OF_CREDIT,
    OUTSIDE,
    STAGES,
    Line,
    MoveKey,
    in_order,
    line_of,
    line_row,
)
from services.verifier.state.orders import printed_lines
from services.verifier.state.sums import Key, Sums

THRESHOLD_CENTS = 2_300_000
"""Above it, a year's grants to one body need a convention (rules, 14)."""


class Books(Sums):
    """One budget as its journal leaves it, record by record."""

    def __init__(self, budget: str, findings: Findings) -> None:
        super().__init__(budget, findings)
        self.grants: dict[str, Grant] = {}
        self.awarded: Counter[str] = Counter()
        self.accounts: dict[str, Json] = {}
        self.opened_as = ""
        """The number under which the convention of the last internal event goes on."""
        self.closed = False
        self.open_at_closing: frozenset[str] = frozenset()

    def is_here(self, kind: str, name: str) -> bool:
        """Return whether the dependency of a parked event is there (rules, 28)."""
        if kind == "budget":
            return self.level is not None
        if kind == "grant":
            return name in self.grants and self.grants[name].award is not None
        if kind == "recovery":
            convention, _, number = name.partition("/")
            return convention in self.conventions and (
                number in self.conventions[convention].recoveries
            )
        return kind == "convention" and name in self.conventions

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
        return held or convention.drawn_cents() > 0 or bool(convention.recoveries)

    def is_held_back(self, convention: Convention) -> bool:
        """Return whether orders are held back: the year's grants are above 23,000 € (14)."""
        if not convention.stands_alone:
            return False
        siret = self.grants[convention.grant].awarded.siret
        year_cents = convention.year_cents
        return (self.awarded[siret] if year_cents is None else year_cents) > THRESHOLD_CENTS

    def is_taken(self, number: str) -> bool:
        """Return whether orders of that number exist or may yet."""
        if number in self.conventions:
            return True
        if number in self.grants and self.grants[number].stands_alone:
            return True
        return any(each.formerly == number for each in self.conventions.values())

    def goes_on_as(
        self, internal_event: Json, number: str, *, of_grant: bool, own: str = ""
    ) -> str:
        """The name in this year of a convention or grant of the closed year (32).

        A grant's is not `own`, the number that its convention has here.
        """
        while (
            number == own or self.is_taken(number) or (of_grant and self.is_here("grant", number))
        ):
            number = f"{number}@{internal_event['closed_budget'][-4:]}"
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
        if stages not in MOVES_ALLOWED or (name is None) != (stages in OF_CREDIT):
            self.find(Code.MOVE_IMPOSSIBLE, move=move)
            return
        if type(cents) is not int or cents <= 0:
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
            self.reserved[key] = self.reserved.get(key, 0)
            self.reserved[key] += cents if target == "reserved" else -cents
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
        return [self.figures((None, line)) for line in sorted(self.lines, key=in_order)]

    def convention_rows(self) -> list[Json]:
        """Every convention on every line, in order."""
        return [
            self.figures((name, line))
            for name in sorted(self.conventions)
            for line in sorted(self.conventions[name].shares, key=in_order)
        ]

    def order_row(self, name: str) -> Json:
        """A payment order as it stands."""
        order = self.orders[name]
        named = {"payment_order": name, "budget": self.budget}
        return named | order.figures(name) | {"lines": printed_lines(order.lines)}
