"""One search: whatever the journal names, by its name, its number, its SIRET or its amount.

Each kind of thing is asked for by the column that holds its name, so a search is some ten small
queries. What records alone name (an award that was refused) is found as it is spelled there.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import fold_text
from services.api.adapters.prepared import PreparedQuery, Row
from services.api.code_names import OFFICIAL, Names
from services.api.grants.query import Grant, with_figures
from services.api.queries.lists import BEHIND_ALL, patterns_of, siret_part, split_search
from services.api.queries.rows import Entities, FreeText, Name, row_as
from services.api.search import statements
from services.api.search.readings import AskedDocument, cents_of, document_of, is_grouped
from services.projector.rows.column_values import APART, fold_number

HITS_MAX: Final = 20
"""Hits of each kind."""

EVENT_BEGINNING: Final = 6
"""The least characters by which the beginning of an event's id is looked for."""

SEVERAL: Final = 2
REPEATED: Final = "duplicate"

Kind = Literal[
    "budget",
    "operation",
    "beneficiary",
    "grant",
    "convention",
    "act",
    "payment_order",
    "document",
    "event",
    "record",
]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a text names."""

    kind: Kind
    budget: str | None
    """None of a beneficiary, whom budgets share."""
    id: Name
    """Its name; of a document its kind and year, of a record what it mentions."""
    name: FreeText | None
    """The beneficiary; of an act the assembly; of an operation the name that its entity gave it."""
    title: FreeText | None
    """What it is for."""
    signatory: FreeText | None
    """Who signed a convention."""
    grant: Name | None
    """The grant that it belongs to."""
    sequence: int | None
    """The record of an act, a document, an event, or one that mentions the name."""
    type: str | None
    """The type of that record's event."""
    state: str | None
    """The state of a grant, a convention or an order; the role of an act; a record's outcome."""
    amount_cents: int | None
    whole: bool
    """True if the text is its whole name, number or amount, and no part of one."""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that a text names; what it names whole stands first."""

    hits: tuple[Hit, ...]
    more: bool
    """True if of a kind there are more than are listed."""


AMOUNTS: Final[Sequence[PreparedQuery]] = (
    statements.orders_of_amount,
    statements.orders_paid_in_part,
)
"""The queries of orders by their amount."""

BLANK: Final = dict.fromkeys(
    (
        "budget",
        "id",
        "name",
        "title",
        "signatory",
        "grant",
        "sequence",
        "type",
        "state",
        "amount_cents",
    )
)


async def find_hits(
    conn: AsyncConnection, entities: Entities, text: str, names: Names = OFFICIAL
) -> Found:
    """Everything of that name, number, SIRET or amount that the caller may see.

    Operations are found by the names too that a city gave them.
    """
    asked = " ".join(text.split())
    if not fold_text(asked):
        return Found((), more=False)
    found: dict[tuple[object, ...], Hit] = {}
    more = False
    async for hits in _find_by_kind(conn, entities, asked, names):
        more |= len(hits) > HITS_MAX
        for hit in hits[:HITS_MAX]:
            found.setdefault((hit.kind, hit.budget, hit.id, hit.grant, hit.sequence), hit)
    if not found:
        hits = await _find_mentioning(conn, entities, asked)
        more = len(hits) > HITS_MAX
        found = {(hit.budget, hit.sequence): hit for hit in hits[:HITS_MAX]}
    return Found(tuple(sorted(found.values(), key=lambda hit: not hit.whole)), more)


async def _find_by_kind(
    conn: AsyncConnection, entities: Entities, text: str, names: Names
) -> AsyncIterator[Sequence[Hit]]:
    """The hits of each kind: one more than are listed where there are more."""
    limits = {"entities": entities, "limit": HITS_MAX + 1}
    cents = cents_of(text)
    if cents is not None:
        rows = await statements.grants_awarded.rows(conn, **limits, cents=cents)
        yield [_grant(each, whole=True) for each in await with_figures(conn, rows)]
        for amounts in AMOUNTS:
            rows = await amounts.rows(conn, **limits, cents=cents)
            yield [_hit("payment_order", row, whole=True) for row in rows]
    siret = siret_part(text)
    if siret is not None:
        yield await _find_beneficiaries(conn, limits, siret)
    yield await _find_budgets(conn, limits, siret or "".join(text.split()))
    if cents is None or siret is not None or not is_grouped(text):
        async for hits in _find_by_name(conn, limits, text):
            yield hits
        yield await _find_operations(conn, limits, text, names)
    document = document_of(text)
    if document is not None:
        yield await _find_documents(conn, limits, document)
    yield await _find_events(conn, limits, text)


def _hit(kind: Kind, row: Row, *, whole: bool, **more: Any) -> Hit:
    return row_as(Hit, {**BLANK, **row, **more, "kind": kind, "whole": whole})


async def _find_by_name(
    conn: AsyncConnection, limits: dict[str, Any], text: str
) -> AsyncIterator[Sequence[Hit]]:
    """Everything that has these names."""
    named, number, patterns = fold_text(text), fold_number(text), patterns_of(text)
    first = f"{named}{APART}%"
    rows = await statements.grants_named.rows(conn, **limits, patterns=patterns, whole=first)
    grants = await with_figures(conn, rows)
    yield [_grant(each, whole=fold_text(each.grant) == named) for each in grants]
    yield _find_shared_beneficiaries(grants, split_search(text))
    rows = await statements.conventions_named.rows(conn, **limits, patterns=patterns, whole=first)
    yield [_hit("convention", row, whole=fold_text(row["id"]) == named) for row in rows]
    rows = await statements.orders_named.rows(
        conn, **limits, first=named, behind=named + BEHIND_ALL
    )
    yield [_hit("payment_order", row, whole=fold_text(row["id"]) == named) for row in rows]
    acts = {
        (row["budget"], row["id"], row["grant"], None if row["grant"] else row["sequence"]): row
        for row in await statements.acts_numbered.rows(conn, **limits, number=number)
    }
    yield [_hit("act", row, whole=True) for row in acts.values()]


def _grant(grant: Grant, *, whole: bool) -> Hit:
    """A grant as lists and its page have it, with all that it was given."""
    return _hit(
        "grant",
        {},
        whole=whole,
        budget=grant.budget,
        id=grant.grant,
        grant=grant.grant,
        name=grant.beneficiary and grant.beneficiary.name,
        title=grant.title,
        state=grant.state,
        amount_cents=grant.awarded_cents + grant.carried_in_cents,
    )


def _find_shared_beneficiaries(grants: Sequence[Grant], parts: Sequence[str]) -> list[Hit]:
    """Beneficiaries whose own name was asked for, where they have several of these grants."""
    named = [each.beneficiary for each in grants if each.beneficiary is not None]
    count = Counter(each.siret for each in named)
    several = {each.siret: each.name for each in named if count[each.siret] >= SEVERAL}
    return [
        _hit("beneficiary", {}, whole=False, id=siret, name=name)
        for siret, name in several.items()
        if name and all(f" {part}" in fold_text(name) for part in parts)
    ]


async def _find_operations(
    conn: AsyncConnection, limits: dict[str, Any], text: str, names: Names
) -> list[Hit]:
    """Operations of budgets by their code, or by the name that their entity gave it."""
    entity_codes = [
        f"{entity}/{code}" for entity, code in names.find_operations(split_search(text))
    ]
    rows = await statements.operations.rows(conn, **limits, code=text, entity_codes=entity_codes)
    return [
        _hit(
            "operation",
            row,
            whole=row["id"] == text,
            name=names.code_name(row["budget"], "operation", row["id"]),
        )
        for row in rows
    ]


async def _find_beneficiaries(
    conn: AsyncConnection, limits: dict[str, Any], siret: str
) -> list[Hit]:
    rows = await statements.beneficiaries_of.rows(
        conn, **limits, first=siret, behind=siret + BEHIND_ALL
    )
    return [_hit("beneficiary", row, whole=row["id"] == siret) for row in rows]


async def _find_budgets(conn: AsyncConnection, limits: dict[str, Any], text: str) -> list[Hit]:
    """Budgets by their id, or by its beginning from the SIREN of the entity on."""
    if siret_part(text[:9]) is None:
        return []
    rows = await statements.budgets_named.rows(conn, **limits, first=text, behind=text + BEHIND_ALL)
    return [_hit("budget", row, whole=row["id"] == text) for row in rows]


async def _find_documents(
    conn: AsyncConnection, limits: dict[str, Any], document: AskedDocument
) -> list[Hit]:
    patterns = patterns_of(" ".join(document.others))
    rows = await statements.documents_of_kind.rows(
        conn, **limits, kind=document.kind, year=document.year, patterns=patterns
    )
    return [
        _hit("document", row, whole=False, id=f"{row['document']}/{row['year']}") for row in rows
    ]


async def _find_events(conn: AsyncConnection, limits: dict[str, Any], text: str) -> list[Hit]:
    """Events by their id, or by its beginning: as spelled, in small letters or in capitals."""
    spelled = _spellings(text)
    rows = [*await statements.events_of_id.rows(conn, **limits, ids=spelled)]
    if not rows and len(text) >= EVENT_BEGINNING:
        for first in spelled:
            behind = first + BEHIND_ALL
            rows += await statements.events_named.rows(conn, **limits, first=first, behind=behind)
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = (row["budget"], row["source"], row["id"])
        # Repeats stand behind it; what was parked, and decided later, has a second record.
        if key not in found or row["resumes"] is not None:
            found[key] = row
    return [_hit("event", row, whole=row["id"] in spelled) for row in found.values()]


def _spellings(text: str) -> list[str]:
    return list(dict.fromkeys((text, text.lower(), text.upper())))


async def _find_mentioning(conn: AsyncConnection, entities: Entities, text: str) -> list[Hit]:
    """Records that mention a name that nothing bears."""
    ids = [*_spellings(text), *split_search(text)[:1]]
    rows = await statements.records_mentioning.rows(
        conn, entities=entities, ids=ids, limit=HITS_MAX + 1
    )
    return [_hit("record", row, whole=False, id=text) for row in rows]
