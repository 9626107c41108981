"""The page of recoveries."""

from typing import Final

from events.texts import _, ngettext
from services.api.console.elements import beneficiary_href, grant_href
from services.api.lists.page import Field, PageColumn, PageDeclaration
from services.api.recoveries import lists

PAGE: Final = PageDeclaration(
    of=lists.RECOVERIES,
    lead=_("Money that beneficiaries pay back: ordered, collected, and still to come."),
    none=_("No recovery here."),
    count=ngettext("{count} recovery", "{count} recoveries"),
    fields=(
        Field("search", "search", _("Recovery to find"), _("Convention, name, SIRET")),
        Field("state"),
        Field("ordered_from", "date"),
        Field("ordered_until", "date"),
        Field("siret"),
    ),
    columns=(
        PageColumn(
            lists.NUMBER,
            "",
            lambda each: None if each.grant is None else grant_href(each.budget, each.grant),
            lambda each, _visit: each.convention,
        ),
        PageColumn(
            lists.BENEFICIARY,
            "beneficiary",
            lambda each: (
                None if each.beneficiary is None else beneficiary_href(each.beneficiary.siret)
            ),
        ),
        PageColumn(lists.STATE_NAME, state="recovery"),
        PageColumn(lists.ORDERED_ON, "-ordered_on", None, lambda each, _visit: each.reason),
        PageColumn(lists.ORDERED_CENTS, "-ordered"),
        PageColumn(lists.COLLECTED_CENTS),
        PageColumn(lists.STILL_OPEN_CENTS, "-open"),
        PageColumn(lists.ISSUER),
    ),
)
