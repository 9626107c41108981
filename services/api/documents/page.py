"""The page of documents owed."""

from typing import Final

from events.texts import _, ngettext
from services.api.console.elements import beneficiary_href, grant_href
from services.api.console.page_context import Visit
from services.api.documents import lists
from services.api.lists.page import Field, PageColumn, PageDeclaration


def _how_late(row: lists.OwedDocument, visit: Visit) -> str | None:
    """`3 days overdue`; nothing of what is not late."""
    if row.days_late is None or row.due_on is None:
        return None
    return visit.locale.days_overdue(row.due_on, visit.today)


PAGE: Final = PageDeclaration(
    of=lists.OWED_DOCUMENTS,
    lead=_("The documents that conventions owe, those of closed years among them."),
    none=_("No document here."),
    count=ngettext("{count} document", "{count} documents"),
    fields=(
        Field("search", "search", _("Document to find"), _("Convention, name, SIRET")),
        Field("state"),
        Field("is_late"),
        Field("kind"),
        Field("due_from", "date"),
        Field("due_until", "date"),
        Field("siret"),
    ),
    columns=(
        PageColumn(
            lists.BENEFICIARY,
            "beneficiary",
            lambda each: (
                None if each.beneficiary is None else beneficiary_href(each.beneficiary.siret)
            ),
        ),
        PageColumn(lists.DOCUMENT, "", None, lambda each, _visit: str(each.year)),
        PageColumn(lists.DUE_ON, "due_on", None, _how_late),
        PageColumn(lists.STATE_NAME, state="document"),
        PageColumn(lists.RECEIVED_ON, "-received_on", None, lambda each, _visit: each.rejected_for),
        PageColumn(
            lists.CONVENTION,
            "convention",
            lambda each: grant_href(each.budget, each.grant),
            lambda each, _visit: each.title,
        ),
    ),
)
