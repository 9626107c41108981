"""The report of a proof: findings, totals, and what it does not prove."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum, unique
from typing import NamedTuple

from events.texts import Translatable, _
from services.texts.translation import both
from services.verifier.findings import Finding, Findings
from services.verifier.records import Json


@unique
class Note(Enum):
    """A thing that a proof does not prove or compare, with its sentence."""

    TRACING = _(
        "Tracing attributes (correlationid, causationid, traceparent and any other than type, "
        "time, subject and data) are kept as received; digest does not cover them: they prove "
        "nothing."
    )
    DECISIONS = _(
        "Refusals are computed again, and of review flags only condition_year_differs, "
        "payment_late, recovery_is_revenue, report_late and report_rejected_after_order: "
        "`ecluse verify --redecide` shows whether the others were justified."
    )
    AS_IT_STANDS = _(
        "Taken as it stands: an accepted event that the contract does not read, rules_version, "
        "what a ceiling leaves to pay for in an amendment that is refused for want of credit, "
        "which accounts and banks other countries have, the wording of messages for people."
    )
    EXPIRED = _(
        "Impossible comparisons: {count}; the other side has reached the end of its retention."
    )
    IMPORTED = _(
        "Records from the export of another journal: {count}; neither their sources nor what was "
        "published of them then was compared."
    )
    PUBLISHED = _(
        "Nothing that was published (entries, payment orders, balances, refusals) was compared."
    )
    TREASURY = _(
        "What the treasury published (slips, accounting entries) was not read: `ecluse reconcile` "
        "compares its tables of them with the ledger."
    )
    SOURCES = _(
        "Where each event was read (source) is not covered by the hash: its order alone was "
        "checked, the sources were not read again."
    )
    POSITIONS = _(
        "Source positions that go back or stand twice: {count}; topics that were made again after "
        "an import, a file that was read again, or positions that were changed."
    )
    ORDER = _(
        "The order between chains of different budgets is not checked: a file may give one after "
        "the other."
    )
    ENDS = _(
        "A journal alone does not show that somebody wrote it anew and made all hashes again, or "
        "removed the end of a chain or a whole chain: a seal from before does (`ecluse verify "
        "--seal`)."
    )
    BEHIND_SEAL = _(
        "Behind what is sealed a journal alone does not show that somebody wrote it anew and made "
        "all hashes again, or removed the end of a chain or a whole chain that began since."
    )
    UNSEALED = _(
        "Chains that the seal does not cover, and of which it shows nothing: {count} ({chains})."
    )
    INTERNAL_EVENTS = _(
        "Opening events of a closing that are not in this journal: {count}; not yet read, or "
        "removed from its end."
    )
    OPENINGS = _(
        "Opening events whose closed year was not read: {count}; that its closing led to them, "
        "and to these amounts, is believed."
    )
    UNREADABLE = _(
        "Dead letters whose bytes are not in the journal, and were not compared: {count}."
    )
    OTHER_BUDGETS = _(
        "The budget {budget} alone was read; its openings from one year to the next were not "
        "compared."
    )
    OTHER_PARTITIONS = _(
        "Partition {partition} alone, home of the budget {budget}, was read; openings of one year "
        "in the next were not compared."
    )
    SEAL_KEY = _(
        "The public key is the one that the seal itself gives: who rewrites it can replace it. "
        "Give yours with --public-key."
    )

    @property
    def code(self) -> str:
        """The name in JSON and on the screen."""
        return self.name.lower()


class Remark(NamedTuple):
    """One thing that a proof is no evidence of, with its facts."""

    note: Note
    facts: Mapping[str, object] = {}

    @property
    def text(self) -> Translatable:
        """The sentence of the note."""
        return self.note.value.render(self.facts)

    def row(self) -> Json:
        """The remark as JSON."""
        return {"code": self.note.code, **self.facts, **asdict(both(self.text))}


def remark_count(note: Note, count: int) -> list[Remark]:
    """The remark on so many things; none where there are none."""
    return [Remark(note, {"count": count})] if count else []


@dataclass(slots=True)
class Report:
    """The result of a verification."""

    findings: list[Finding]
    counts: dict[str, int]
    """The number of findings of each code; `findings` keeps the first thousand."""
    counted: Json
    """Counts of what was read: partitions and the records of each topic (of a journal alone its
    records), outcomes, budgets, payment orders, and what could not be compared because its
    counterpart is beyond its retention."""
    figures: Json = field(repr=False)
    """The object of `ecluse replay --json`, recomputed."""
    remarks: list[Remark]
    chains: frozenset[str]
    """The names of all that were read, those of unreadable records too."""

    @property
    def proved(self) -> bool:
        """True if there is no finding."""
        return not self.counts

    def row(self) -> Json:
        """The report as JSON; the figures apart."""
        return {
            "proved": self.proved,
            "counted": self.counted,
            "codes": self.counts,
            "findings": [each.row() for each in self.findings],
            "not_proved": [each.row() for each in self.remarks],
            "heads": self.figures["heads"],
        }


def report_of(
    findings: Findings,
    read: Json,
    figures: Json,
    remarks: list[Remark],
    chains: Iterable[str] = (),
    expired: int = 0,
) -> Report:
    """A report, `read` being what was read and how much of it."""
    counted = {
        **read,
        "outcomes": figures["outcomes"],
        "budgets": len(figures["heads"]),
        "payment_orders": len(figures["payment_orders"]),
        "expired": expired,
    }
    counts = {code.code: count for code, count in findings.counts.items()}
    remarks = [*remarks, Remark(Note.AS_IT_STANDS)]
    return Report(findings.kept, counts, counted, figures, remarks, frozenset(chains))
