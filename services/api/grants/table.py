"""Grants in a file."""

from operator import attrgetter
from typing import Final

from events.texts import _
from services.api.statements.list_file import ListColumn, ListTable, names_beside_budget
from services.api.statements.sheet import Kind
from services.ledger.explain.terms import GRANT_STATES

GRANT_TABLE: Final = ListTable(
    _("Grants"),
    (
        ListColumn(_("grant"), "grant"),
        ListColumn(_("beneficiary"), "beneficiary.name"),
        ListColumn(_("SIRET"), "beneficiary.siret"),
        ListColumn(_("purpose"), "title"),
        ListColumn(_("state"), lambda each: GRANT_STATES[each.state]),
        ListColumn(_("act no."), "act.number"),
        ListColumn(_("act of"), "act.date", Kind.DAY),
        *(
            ListColumn(text, name, Kind.CENTS, summed=True, left_out=attrgetter("is_withdrawn"))
            for text, name in (
                (_("awarded amount"), "awarded_cents"),
                (_("carried in"), "carried_in_cents"),
            )
        ),
        ListColumn(_("granted"), "granted_cents", Kind.CENTS, summed=True),
        ListColumn(_("committed, not ordered"), "remaining_cents", Kind.CENTS, summed=True),
        ListColumn(_("ordered, not paid"), "ordered_cents", Kind.CENTS, summed=True),
        ListColumn(_("paid"), "paid_cents", Kind.CENTS, summed=True),
        ListColumn(_("released"), "released_cents", Kind.CENTS, summed=True),
        ListColumn(_("carried over"), "carried_over_cents", Kind.CENTS, summed=True),
        ListColumn(_("to review"), "flags", Kind.NUMBER),
        ListColumn(_("budget"), "budget"),
        *names_beside_budget(),
    ),
    {"state": GRANT_STATES},
)
