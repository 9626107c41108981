"""The pages above a record or a figure, to which several lead, and the lit menu entry. Pure."""

from typing import NamedTuple

from events.texts import _
from services.api.console.elements import Link, address, budget_href, grant_href
from services.texts.locale_format import LocaleFormat


class Breadcrumbs(NamedTuple):
    """The place of a page in the navigation."""

    section: str
    """The entry of the main navigation, by its address."""
    above: list[Link]
    """The pages above it, the highest first."""


def breadcrumbs(budget: str, grant: str | None, locale: LocaleFormat) -> Breadcrumbs:
    """The pages above what belongs to a grant, else to a budget."""
    if grant is None:
        budgets = Link(address("budgets"), locale.say(_("Budgets")))
        return Breadcrumbs("budgets", [budgets, Link(budget_href(budget), budget)])
    grants = Link(address("grants"), locale.say(_("Grants")))
    return Breadcrumbs("grants", [grants, Link(grant_href(budget, grant), grant)])


def breadcrumbs_of_unreadable(locale: LocaleFormat) -> Breadcrumbs:
    """The pages above a record that could not be read."""
    unreadable = Link(address("troubles", "unreadable"), locale.say(_("Dead letters")))
    return Breadcrumbs("troubles", [unreadable])
