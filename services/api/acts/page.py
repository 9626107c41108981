"""The page of acts."""

from typing import Final

from events.texts import _, ngettext
from services.api.acts import lists
from services.api.console.elements import beneficiary_href, grant_href, record_href
from services.api.lists.page import Field, PageColumn, PageDeclaration

PAGE: Final = PageDeclaration(
    of=lists.ACTS,
    lead=_("Every act: votes, transfers, awards, amendments and withdrawals."),
    none=_("No act here."),
    count=ngettext("{count} act", "{count} acts"),
    fields=(
        Field("search", "search", _("Act to find"), _("Number, name, title, SIRET")),
        Field("role"),
        Field("body"),
        Field("act_from", "date"),
        Field("act_until", "date"),
        Field("siret"),
    ),
    columns=(
        PageColumn(
            lists.ADOPTED_ON, "-act_on", lambda each: record_href(each.budget, each.sequence)
        ),
        PageColumn(lists.NUMBER, "number", None, lambda each, _visit: each.act.body),
        PageColumn(lists.ROLE),
        PageColumn(
            lists.TITLE,
            "",
            lambda each: None if each.grant is None else grant_href(each.budget, each.grant),
        ),
        PageColumn(
            lists.BENEFICIARY,
            "",
            lambda each: (
                None if each.beneficiary is None else beneficiary_href(each.beneficiary.siret)
            ),
        ),
        PageColumn(lists.AMOUNT, "-amount"),
    ),
)
