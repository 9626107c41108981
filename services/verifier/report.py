"""The report of a proof: findings, totals, and what it does not prove."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from events.sentences import Sentence
from services.verifier.findings import Finding, Findings
from services.verifier.records import Json


class Note(StrEnum):
    """Notes on what a proof does not prove or did not compare."""

    TRACING = "tracing"
    DECISIONS = "decisions"
    EXPIRED = "expired"
    IMPORTED = "imported"
    PUBLISHED = "published"
    SOURCES = "sources"
    POSITIONS = "positions"
    ORDER = "order"
    ENDS = "ends"
    BEHIND_SEAL = "behind_seal"
    INTERNAL_EVENTS = "internal_events"
    UNREADABLE = "unreadable"
    OTHER_BUDGETS = "other_budgets"
    OTHER_PARTITIONS = "other_partitions"
    SEAL_KEY = "seal_key"


NOTES: Final[dict[Note, Sentence]] = {
    Note.TRACING: Sentence(
        "Les attributs de traçage (correlationid, causationid, traceparent et tout autre que type, "
        "time, subject et data) sont gardés tels que reçus ; digest ne les couvre pas : ils ne "
        "prouvent rien.",
        "Tracing attributes (correlationid, causationid, traceparent and any other than type, "
        "time, subject and data) are kept as received; digest does not cover them: they prove "
        "nothing.",
    ),
    Note.DECISIONS: Sentence(
        "Les refus sont recalculés, les signalements ne le sont pas : `ecluse verify --redecide` "
        "montre s'ils étaient fondés.",
        "Refusals are computed again, review flags are not: `ecluse verify --redecide` shows "
        "whether they were justified.",
    ),
    Note.EXPIRED: Sentence(
        "{count} comparaisons impossibles : l'autre côté a dépassé sa durée de conservation.",
        "{count} comparisons were impossible: the other side has reached the end of its retention.",
    ),
    Note.IMPORTED: Sentence(
        "{count} enregistrements viennent de l'export d'un autre journal : ni leurs sources ni ce "
        "qui en fut publié alors n'ont été comparés.",
        "{count} records come from the export of another journal: neither their sources nor what "
        "was published of them then was compared.",
    ),
    Note.PUBLISHED: Sentence(
        "Rien de ce qui a été publié (écritures, mandats, soldes, refus) n'a été comparé.",
        "Nothing that was published (entries, payment orders, balances, refusals) was compared.",
    ),
    Note.SOURCES: Sentence(
        "Où chaque événement fut lu (source) n'est pas couvert par l'empreinte : seul l'ordre a "
        "été vérifié, les sources n'ont pas été relues.",
        "Where each event was read (source) is not covered by the hash: its order alone was "
        "checked, the sources were not read again.",
    ),
    Note.POSITIONS: Sentence(
        "{count} positions de source reculent ou figurent deux fois : des topics refaits après un "
        "import, un fichier relu, ou des positions changées.",
        "{count} source positions go back or stand twice: topics that were made again after an "
        "import, a file that was read again, or positions that were changed.",
    ),
    Note.ORDER: Sentence(
        "L'ordre entre les chaînes de budgets différents n'est pas vérifié : un fichier peut les "
        "donner l'une après l'autre.",
        "The order between chains of different budgets is not checked: a file may give one after "
        "the other.",
    ),
    Note.ENDS: Sentence(
        "Un enregistrement retiré à la fin d'une chaîne ne se voit pas dans un journal seul : un "
        "sceau le montre (`ecluse verify --seal`).",
        "A record that was removed from the end of a chain cannot be seen in a journal alone: a "
        "seal shows it (`ecluse verify --seal`).",
    ),
    Note.BEHIND_SEAL: Sentence(
        "Derrière ce qui est scellé, un enregistrement retiré à la fin d'une chaîne ne se voit pas "
        "dans un journal seul.",
        "Behind what is sealed, a record that was removed from the end of a chain cannot be seen "
        "in a journal alone.",
    ),
    Note.INTERNAL_EVENTS: Sentence(
        "{count} ouvertures dues à une clôture ne sont pas dans ce journal : pas encore lues, "
        "ou retirées à la fin.",
        "{count} opening events of a closing are not in this journal: not yet read, or removed "
        "from its end.",
    ),
    Note.UNREADABLE: Sentence(
        "Les octets de {count} enregistrements illisibles ne sont pas au journal et n'ont pas été "
        "comparés.",
        "The bytes of {count} dead letters are not in the journal and were not compared.",
    ),
    Note.OTHER_BUDGETS: Sentence(
        "Seul le budget {budget} a été lu ; ses ouvertures d'un exercice à l'autre n'ont pas été "
        "comparées.",
        "The budget {budget} alone was read; its openings from one year to the next were not "
        "compared.",
    ),
    Note.OTHER_PARTITIONS: Sentence(
        "Seule la partition {partition}, où vit le budget {budget}, a été lue ; les ouvertures d'un"
        " exercice à l'autre n'ont pas été comparées.",
        "Partition {partition} alone, home of the budget {budget}, was read; openings of one year "
        "in the next were not compared.",
    ),
    Note.SEAL_KEY: Sentence(
        "La clé publique est celle que le sceau donne lui-même : qui le réécrit peut la remplacer. "
        "Donnez la vôtre avec --public-key.",
        "The public key is the one that the seal itself gives: who rewrites it can replace it. "
        "Give yours with --public-key.",
    ),
}


class Remark(NamedTuple):
    """One thing that a proof is no evidence of, with its facts."""

    note: Note
    facts: Mapping[str, object] = {}

    @property
    def text(self) -> Sentence:
        """The sentence of the note."""
        return NOTES[self.note].render(self.facts)

    def row(self) -> Json:
        """The remark as JSON."""
        text = self.text
        return {"code": self.note.value, **self.facts, "fr": text.fr, "en": text.en}


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
    remarks: list[Remark] = field(default_factory=list)
    chains: frozenset[str] = frozenset()
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
    expired: int,
    remarks: Iterable[Remark],
    chains: Iterable[str] = (),
) -> Report:
    """A report, `read` being what was read and how much of it."""
    counted: dict[str, Any] = {
        **read,
        "outcomes": figures["outcomes"],
        "budgets": len(figures["heads"]),
        "payment_orders": len(figures["payment_orders"]),
        "expired": expired,
    }
    found = {code.value: count for code, count in findings.counts.items()}
    return Report(findings.kept, found, counted, figures, list(remarks), frozenset(chains))
