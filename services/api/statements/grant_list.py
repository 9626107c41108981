"""The list of grants (liste des concours attribués, CGCT L2313-1), with the open-data columns.

The columns of décret 2017-779 bear the names of its published format (SCDL Subventions): those
that the ledger can tell. It knows neither the share of a grant in what it helps to pay, nor the
RNA number, nor whether it was notified to the European Union.
"""

from collections.abc import Sequence
from typing import Final

from events.sentences import Sentence
from services.api.queries.rows import shown_name
from services.api.statements.query import ListedGrant
from services.api.statements.sheet import Cell, Kind, Sheet, cents, named, number, text
from services.ledger.explain.terms import GRANT_STATES

TITLE: Final = Sentence("Liste des subventions", "List of grants")
IN_CASH: Final = "aide en numéraire"
AT_ONCE, IN_PARTS = "unique", "échelonné"
SIRET_DIGITS: Final = 14
OBJECT_MAX: Final = 256
"""Length of the object of a grant in the format."""

COLUMNS: Final = (
    named("idAttribuant"),
    named("dateConvention", Kind.DAY),
    named("referenceDecision"),
    named("nomBeneficiaire"),
    named("idBeneficiaire"),
    named("objet"),
    named("montant", Kind.CENTS),
    named("nature"),
    named("conditionsVersement"),
    named("datesPeriodeVersement"),
    text("subvention", "grant"),
    text("état", "state"),
    cents("engagé non mandaté", "committed, not ordered"),
    cents("mandaté non payé", "ordered, not paid"),
    cents("payé", "paid"),
    cents("dégagé", "released"),
    cents("reporté", "carried over"),
    number("à vérifier", "to review"),
)


def grant_sheet(listed: Sequence[ListedGrant]) -> Sheet:
    """The list as a table, with its totals."""
    rows = [_row(each) for each in listed]
    total: list[Cell] = [None] * len(COLUMNS)
    total[0] = "Total"
    for at, column in enumerate(COLUMNS):
        if column.kind is Kind.CENTS:
            total[at] = sum(cell for row in rows if isinstance(cell := row[at], int))
    return Sheet(TITLE, COLUMNS, [*rows, total], frozenset({len(rows)}))


def _row(listed: ListedGrant) -> list[Cell]:
    grant = listed.grant
    beneficiary = grant.beneficiary
    return [
        grant.budget[:SIRET_DIGITS],
        listed.signed_on,
        None if grant.act is None else shown_name(grant.act.number),
        None if beneficiary is None else beneficiary.name,
        None if beneficiary is None else beneficiary.siret,
        None if grant.title is None else grant.title[:OBJECT_MAX],
        grant.awarded_cents,
        IN_CASH,
        _conditions(listed.instalments),
        _period(listed),
        shown_name(grant.grant),
        GRANT_STATES[grant.state],
        grant.remaining_cents,
        grant.ordered_cents,
        grant.paid_cents,
        grant.released_cents,
        grant.carried_over_cents,
        grant.flags,
    ]


def _conditions(instalments: int) -> str | None:
    if not instalments:
        return None
    return AT_ONCE if instalments == 1 else IN_PARTS


def _period(listed: ListedGrant) -> str | None:
    """The days of the payments, as the format spells a period."""
    first, last = listed.first_paid_on, listed.last_paid_on
    if first is None or last is None:
        return None
    return first.isoformat() if first == last else f"{first.isoformat()}/{last.isoformat()}"
