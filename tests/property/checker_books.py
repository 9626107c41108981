"""The checker's books of one budget: moves, entries and orders added up from raw records."""

from collections import Counter, defaultdict
from typing import Any

Json = dict[str, Any]
Line = tuple[str, str, str | None, str | None]

STAGES = ("available", "reserved", "committed", "ordered", "paid", "carried_over")
COLUMNS = ("remaining", "ordered", "paid", "released", "carried_over")
# What a convention calls the stage that money leaves or enters.
COLUMN_OF = {
    "available": "released",
    "committed": "remaining",
    "ordered": "ordered",
    "paid": "paid",
}
# Rule 34: which moves write an entry.
KIND_OF = {
    ("available", "reserved"): "accounting_commitment",
    ("reserved", "committed"): "legal_commitment",
    ("committed", "available"): "decommitment",
}
WAYS = {
    *KIND_OF,
    (None, "available"),
    ("available", None),
    ("committed", "ordered"),
    ("ordered", "paid"),
    ("ordered", "committed"),
}
# Rule 20: the states that may follow.
OPEN = {"issued", "taken_in_charge", "on_hold"}
FIXED = ("budget", "convention", "instalment", "amount_cents", "due_on", "lines")
AFTER = {state: {state, "taken_in_charge", "on_hold", "rejected", "paid"} for state in OPEN}


def line_of(row: Json) -> Line:
    return (row["chapter"], row["article"], row.get("function"), row.get("operation"))


def in_order(line: Line) -> list[str]:
    return [code or "" for code in line]


def line_row(line: Line) -> Json:
    return dict(zip(("chapter", "article", "function", "operation"), line, strict=True))


class Books:
    """One budget: what its accepted records add up to."""

    def __init__(self, budget: str) -> None:
        self.budget = budget
        self.level = ""
        self.lines: dict[Line, Counter[str]] = {}
        self.reserved: Counter[tuple[str, Line]] = Counter()
        self.grants: dict[str, str] = {}
        self.alone: set[str] = set()
        self.conventions: dict[str, dict[Line, Counter[str]]] = {}
        self.planned: dict[tuple[str, str], dict[Line, int]] = {}
        self.orders: dict[str, Json] = {}

    def apply(self, record: Json) -> None:
        event = record["event"]
        self._facts(event["type"].split(".", 1)[1].removesuffix(".v1"), event["data"])
        moves = record["moves"] or []
        for move in moves:
            self._move(move, event["data"])
        self._check_entries(record, moves)
        self._check_orders(record["payment_orders"] or [], moves)
        self._check_identities()
        self._check_credit()

    def _facts(self, kind: str, data: Json) -> None:
        if kind == "budget.voted":
            self.level = data.get("vote_level") or self.level
            for each in data["appropriations"]:
                self.lines.setdefault(line_of(each["line"]), Counter())
        elif kind == "credits.transferred":
            for name in ("from_line", "to_line"):
                self.lines.setdefault(line_of(data[name]), Counter())
        elif kind == "deliberation.adopted" and data.get("requires_convention") is False:
            if data["role"] == "award":
                self._open(data["grant"], data["grant"], data.get("instalments"), data["lines"])
                self.alone.add(data["grant"])
        elif kind == "convention.signed":
            self._open(data["convention"], data["grant"], data["instalments"], [])
            if data["grant"] in self.alone:
                self.alone.remove(data["grant"])
                taken = self.conventions.pop(data["grant"])
                self.conventions[data["convention"]] = taken

    def _open(self, name: str, grant: str, instalments: Any, lines: list[Json]) -> None:
        assert name not in self.conventions, "a number is given once"
        self.conventions[name] = {}
        self.grants[name] = grant
        for each in instalments or [{"instalment": "1", "lines": lines}]:
            planned = {line_of(row["line"]): row["amount_cents"] for row in each["lines"]}
            self.planned[name, each["instalment"]] = planned

    def _move(self, move: Json, data: Json) -> None:
        line, name, cents = line_of(move["line"]), move["convention"], move["amount_cents"]
        origin, target = way = (move["from"], move["to"])
        assert way in WAYS, f"no money goes {way}"
        assert type(cents) is int
        assert cents > 0, "a move moves something"
        money = self.lines.setdefault(line, Counter())
        money[origin or "outside"] -= cents
        money[target or "outside"] += cents
        if target == "reserved":
            self.reserved[data["grant"], line] += cents
        if name is None:
            assert way in {(None, "available"), ("available", None), ("available", "reserved")}
            return
        share = self.conventions[name].setdefault(line, Counter())
        if origin == "reserved":
            self.reserved[self.grants[name], line] -= cents
            share["granted"] += cents
        else:
            share[COLUMN_OF[origin]] -= cents
        share[COLUMN_OF[target]] += cents
        if target == "available" and move["instalment"] is not None:
            self.planned[name, move["instalment"]][line] -= cents

    def _check_entries(self, record: Json, moves: list[Json]) -> None:
        """Rule 34: one entry a kind, line and convention, of what the moves add up to."""
        due: Counter[tuple[str, Line, str | None]] = Counter()
        for move in moves:
            kind = KIND_OF.get((move["from"], move["to"]))
            if kind is not None:
                convention = None if kind == "accounting_commitment" else move["convention"]
                due[kind, line_of(move["line"]), convention] += move["amount_cents"]
        entries = record["commitment_entries"] or []
        written = {
            (each["kind"], line_of(each["line"]), each["convention"]): each["amount_cents"]
            for each in entries
        }
        assert len(entries) == len(written), "one entry a kind, line and convention"
        assert dict(due) == written
        place = f"{self.budget}/{record['sequence']}"
        ids = [f"{place}/{index}" for index in range(1, len(entries) + 1)]
        assert ids == [each["entry_id"] for each in entries]

    def _check_orders(self, changes: list[Json], moves: list[Json]) -> None:
        """The moves of a record are what its orders did, line by line."""
        due: Counter[tuple[str, str, Line, str, str]] = Counter()
        for change in changes:
            before = self.orders.get(change["payment_order"])
            # What never changes of an order stands where it was issued.
            order = change if before is None else {name: before[name] for name in FIXED} | change
            assert self.budget == order["budget"]
            self._check_order(order)
            where = (order["convention"], order["instalment"])
            had = paid_by_line(before) if before is not None else Counter()
            for line, cents in (paid_by_line(order) - had).items():
                due[*where, line, "ordered", "paid"] += cents
            if before is None:
                assert "issued_on" in order
                for line, cents in cents_by_line(order).items():
                    due[*where, line, "committed", "ordered"] += cents
            elif order["state"] == "rejected":
                for line, cents in (cents_by_line(order) - paid_by_line(order)).items():
                    due[*where, line, "ordered", "committed"] += cents
            self.orders[order["payment_order"]] = order
        done: Counter[tuple[str, str, Line, str, str]] = Counter()
        for move in moves:
            if "ordered" in (move["from"], move["to"]):
                where = (move["convention"], move["instalment"])
                way = (move["from"], move["to"])
                done[*where, line_of(move["line"]), *way] += move["amount_cents"]
        assert due == done

    def _check_order(self, order: Json) -> None:
        name = f"{order['convention']}/{order['instalment']}"
        lines, before = cents_by_line(order), self.orders.get(order["payment_order"])
        assert 0 <= order["paid_cents"] <= order["amount_cents"] == lines.total()
        assert (order["state"] == "paid") == (order["paid_cents"] == order["amount_cents"])
        for each in order["lines"]:
            services = [share["amount_cents"] for share in each["services"] or ()]
            assert all(cents > 0 for cents in (each["amount_cents"], *services))
        if before is not None:
            assert order["state"] in AFTER[before["state"]]
            assert order["paid_cents"] >= before["paid_cents"]
            assert [before[name] for name in FIXED] == [order[name] for name in FIXED]
            return
        planned = self.planned[order["convention"], order["instalment"]]
        assert all(cents <= planned[line] for line, cents in lines.items())
        previous = order["previous"]
        if previous is None:
            assert name == order["payment_order"]
            return
        rejected = self.orders[previous]
        assert "rejected" == rejected["state"]
        assert lines == cents_by_line(rejected) - paid_by_line(rejected)
        assert rejected["due_on"] == order["due_on"]
        number = previous.removeprefix(name).removeprefix("/") or "1"
        assert f"{name}/{int(number) + 1}" == order["payment_order"]

    def _check_identities(self) -> None:
        """Rule 33."""
        sums: dict[Line, Counter[str]] = defaultdict(Counter)
        for shares in self.conventions.values():
            for line, share in shares.items():
                assert min(share[column] for column in COLUMNS) >= 0
                assert share["granted"] == sum(share[column] for column in COLUMNS)
                sums[line].update(share)
        for (_, line), cents in self.reserved.items():
            assert cents >= 0
            sums[line]["reserved"] += cents
        for line, money in self.lines.items():
            assert -money["outside"] == sum(money[stage] for stage in STAGES)
            assert min(money[stage] for stage in STAGES[1:]) >= 0
            stages = [money[stage] for stage in STAGES[1:5]]
            held = [sums[line][name] for name in ("reserved", "remaining", "ordered", "paid")]
            assert held == stages
        self._check_conventions_against_orders()

    def _check_conventions_against_orders(self) -> None:
        asked: Counter[tuple[str, Line, str]] = Counter()
        for order in self.orders.values():
            paid = paid_by_line(order)
            for line, cents in cents_by_line(order).items():
                asked[order["convention"], line, "paid"] += paid[line]
                if order["state"] != "rejected":
                    asked[order["convention"], line, "ordered"] += cents - paid[line]
        held = {
            (name, line, column): share[column]
            for name, shares in self.conventions.items()
            for line, share in shares.items()
            for column in ("ordered", "paid")
        }
        assert {key: cents for key, cents in held.items() if cents} == +asked

    def _check_credit(self) -> None:
        """Rule 26: no group of the vote level ends below zero."""
        groups: Counter[tuple[str | None, ...]] = Counter()
        for line, money in self.lines.items():
            chapter, article, _, operation = line
            group: tuple[str | None, ...] = (chapter,)
            if self.level == "article":
                group = (chapter, article)
            elif self.level == "operation":
                group = ("operation", operation) if operation is not None else (chapter, None)
            groups[group] += money["available"]
        assert {} == {group: cents for group, cents in groups.items() if cents < 0}

    def line_rows(self) -> list[Json]:
        return [
            {"budget": self.budget, "line": line_row(line), "appropriated_cents": -money["outside"]}
            | {f"{stage}_cents": money[stage] for stage in STAGES}
            for line, money in sorted(self.lines.items(), key=lambda item: in_order(item[0]))
        ]

    def convention_rows(self) -> list[Json]:
        return [
            {"budget": self.budget, "convention": name, "line": line_row(line)}
            | {f"{column}_cents": share[column] for column in ("granted", *COLUMNS)}
            for name, shares in sorted(self.conventions.items())
            for line, share in sorted(shares.items(), key=lambda item: in_order(item[0]))
        ]

    def order_row(self, name: str) -> Json:
        members = {*FIXED, "payment_order", "paid_cents", "state"}
        return {member: self.orders[name][member] for member in members}


def cents_by_line(order: Json) -> Counter[Line]:
    return Counter({line_of(each["line"]): each["amount_cents"] for each in order["lines"]})


def paid_by_line(order: Json) -> Counter[Line]:
    """Rule 20: payments fill the lines in their order, each full before the next."""
    left, paid = order["paid_cents"], Counter[Line]()
    for each in order["lines"]:
        part = min(left, each["amount_cents"])
        if part:
            paid[line_of(each["line"])] = part
        left -= part
    return paid
