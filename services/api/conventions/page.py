"""The page of conventions."""

from typing import Final

from events.texts import _, ngettext
from services.api.console.elements import beneficiary_href, grant_href
from services.api.conventions import lists
from services.api.lists.page import Field, PageColumn, PageDeclaration

PAGE: Final = PageDeclaration(
    of=lists.CONVENTIONS,
    lead=_("Every convention: who signed it, when, for how much, and what is paid of it."),
    none=_("No convention here."),
    count=ngettext("{count} convention", "{count} conventions"),
    fields=(
        Field("search", "search", _("Convention to find"), _("Number, signatory, name, SIRET")),
        Field("state"),
        Field("signed_from", "date"),
        Field("signed_until", "date"),
        Field("granted_from_cents", "amount"),
        Field("granted_until_cents", "amount"),
        Field("siret"),
    ),
    columns=(
        PageColumn(
            lists.NUMBER,
            "convention",
            lambda each: grant_href(each.budget, each.grant),
            lambda each, _visit: each.title,
        ),
        PageColumn(
            lists.BENEFICIARY,
            "beneficiary",
            lambda each: (
                None if each.beneficiary is None else beneficiary_href(each.beneficiary.siret)
            ),
        ),
        PageColumn(lists.SIGNED_ON, "-signed_on"),
        PageColumn(lists.SIGNATORY),
        PageColumn(lists.STATE, state="convention"),
        PageColumn(lists.GRANTED_CENTS, "-granted"),
        PageColumn(lists.REMAINING_CENTS),
        PageColumn(lists.ORDERED_CENTS),
        PageColumn(lists.PAID_CENTS, "-paid"),
    ),
)
