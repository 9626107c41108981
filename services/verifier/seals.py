"""Statements of a seal: the heads of all chains with their totals.

A statement says nothing that the journal does not: whoever has the journal makes it again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.verifier.findings import Code, Differences, Findings, Place
from services.verifier.records import OUTCOMES, VERSION, Json, Record
from services.verifier.state.books import Books
from services.verifier.state.lines import OUTSIDE, STAGES

FORMAT: Final = "ecluse.seal.v1"

MEMBERS: Final = frozenset(
    (
        *("format", "sealed_at", "record_version", "rules_versions"),
        *("records", "events", "outcomes", "chains"),
    )
)
CHAIN_MEMBERS: Final = frozenset(("budget", "sequence", "hash", "outcomes", "totals"))


class NotASealError(Exception):
    """The given seal is invalid; the message says why, for programmers."""


def chain_row(
    budget: str, head: tuple[int, str], outcomes: Counter[str], books: Books | None
) -> Json:
    """The statement of one chain; `totals` in cents over all lines of its budget."""
    sequence, last_hash = head
    return {
        "budget": budget,
        "sequence": sequence,
        "hash": last_hash,
        "outcomes": {name: outcomes[name] for name in OUTCOMES},
        "totals": None if books is None else totals(books),
    }


def totals(books: Books) -> Json:
    """A budget's money by stage, all its lines together."""
    lines = list(books.lines.values())
    row = {"appropriated_cents": -sum(each[OUTSIDE] for each in lines)}
    return row | {f"{stage}_cents": sum(each[stage] for each in lines) for stage in STAGES}


def statement(sealed_at: str, rules_versions: Iterable[int], chains: Iterable[Json]) -> Json:
    """The signed content; `sealed_at` is RFC 3339, in UTC."""
    rows = sorted(chains, key=lambda row: str(row["budget"]))
    return {
        "format": FORMAT,
        "sealed_at": sealed_at,
        "record_version": VERSION,
        "rules_versions": sorted(rules_versions),
        **_together(rows),
        "chains": rows,
    }


def _together(rows: list[Json]) -> Json:
    outcomes = {name: sum(row["outcomes"][name] for row in rows) for name in OUTCOMES}
    return {
        "records": sum(row["sequence"] for row in rows),
        "events": sum(outcomes.values()),
        "outcomes": outcomes,
    }


def prove_shape(statement: Any) -> Json:
    """`statement`, where it is one of this format; else NotASealError."""
    if not isinstance(statement, dict) or statement.get("format") != FORMAT:
        raise NotASealError(f"no statement of format {FORMAT}")
    if statement.keys() != MEMBERS or type(statement["sealed_at"]) is not str:
        raise NotASealError(f"members {sorted(statement.keys() ^ MEMBERS)}")
    if not isinstance(statement["chains"], list):
        raise NotASealError("chains")
    for row in statement["chains"]:
        _prove_chain(row)
    for member, value in _together(statement["chains"]).items():
        if statement[member] != value:
            raise NotASealError(f"{member} is not the sum of the chains")
    return statement


def _prove_chain(row: Any) -> None:
    if not isinstance(row, dict) or row.keys() != CHAIN_MEMBERS:
        raise NotASealError(f"chain {row}")
    outcomes = row["outcomes"]
    counted = isinstance(outcomes, dict) and outcomes.keys() == set(OUTCOMES)
    fit = (
        type(row["budget"]) is str,
        type(row["sequence"]) is int,
        type(row["hash"]) is str,
        counted and all(type(each) is int for each in outcomes.values()),
        row["totals"] is None or isinstance(row["totals"], dict),
    )
    if not all(fit):
        raise NotASealError(f"chain {row}")


class SealedChains:
    """Holds a journal, record by record, against what was sealed of it before."""

    def __init__(self, statement: Json, findings: Findings, budget: str | None = None) -> None:
        self._findings = findings
        self._sealed: dict[str, Json] = {
            row["budget"]: row for row in statement["chains"] if budget in {None, row["budget"]}
        }
        self.chains = frozenset(self._sealed)
        """The names of the chains compared."""

    def follow(self, record: Record, outcomes: Counter[str], books: Books | None) -> None:
        """The next record of the journal, with what its chain adds up to now."""
        row = self._sealed.get(record.budget)
        if row is None or row["sequence"] != record.sequence:
            return
        del self._sealed[record.budget]
        if row["hash"] != record.hash:
            self._findings.add(Code.SEALED_HASH_DIFFERS, record.place, expected=row["hash"])
        found = chain_row(record.budget, (record.sequence, record.hash), outcomes, books)
        for member in ("outcomes", "totals"):
            for what, expected, now in _differing(member, row[member], found[member]):
                facts = {"what": what, "expected": expected, "found": now}
                self._findings.add(Code.SEALED_TOTALS_DIFFER, record.place, **facts)

    def end(self, heads: Mapping[str, tuple[int, str]]) -> None:
        """Find each sealed chain that was not reached, behind the last record."""
        for budget, row in self._sealed.items():
            sequence, _ = heads.get(budget, (0, ""))
            code = Code.SEALED_CHAIN_SHORT if sequence else Code.SEALED_CHAIN_GONE
            facts = {"expected": row["sequence"], "found": sequence}
            self._findings.add(code, Place(budget=budget, sequence=sequence), **facts)


def _differing(member: str, expected: Json | None, actual: Json | None) -> Differences:
    if expected is None or actual is None:
        return [] if expected is actual else [(member, expected, actual)]
    names = dict.fromkeys((*expected, *actual))
    rows = ((name, expected.get(name), actual.get(name)) for name in names)
    return [row for row in rows if row[1] != row[2]]
