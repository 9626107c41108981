"""Balances of budget lines added up from raw journal records, by other code than the watch's."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

STAGES = ("available", "reserved", "committed", "ordered", "paid", "carried_over")


class Sums:
    """What the records of a journal add up to."""

    def __init__(self, records: Iterable[bytes | None]) -> None:
        money: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        self.records = 0
        self.sequences: Counter[str] = Counter()
        for raw in records:
            assert raw is not None
            record = json.loads(raw)
            self.records += 1
            self.sequences[record["budget"]] += 1
            for move in record["moves"] or []:
                line = money[record["budget"]][json.dumps(move["line"])]
                line[move["from"] or "outside"] -= move["amount_cents"]
                line[move["to"] or "outside"] += move["amount_cents"]
        self.lines = {
            budget: [_row(budget, *each) for each in sorted(lines.items(), key=_in_order)]
            for budget, lines in money.items()
        }


def _in_order(item: tuple[str, Counter[str]]) -> list[str]:
    line = json.loads(item[0])
    return [line[name] or "" for name in ("chapter", "article", "function", "operation")]


def _row(budget: str, line: str, money: Counter[str]) -> dict[str, Any]:
    return {
        "budget": budget,
        "line": json.loads(line),
        "appropriated_cents": -money["outside"],
        **{f"{stage}_cents": money[stage] for stage in STAGES},
    }
