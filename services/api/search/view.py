"""Hits of a search, by kind, each with its name and the page that it leads to. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from events.texts import Translatable, _
from services.api.console.elements import (
    State,
    address,
    beneficiary_href,
    budget_href,
    grant_href,
    order_href,
    record_href,
    type_name,
)
from services.api.console.states import state_of
from services.api.console.texts import ROLES
from services.api.grants.instalments import document_name
from services.api.search.query import Hit, Kind
from services.texts.locale_format import LocaleFormat

KINDS: Final[dict[Kind, Translatable]] = {
    "grant": _("Grants"),
    "beneficiary": _("Beneficiaries"),
    "payment_order": _("Payment orders"),
    "convention": _("Conventions"),
    "act": _("Acts"),
    "budget": _("Budgets"),
    "operation": _("Operations"),
    "document": _("Documents"),
    "event": _("Events"),
    "record": _("Records that mention it"),
}
"""The kinds in the order in which they are shown."""

STATES: Final[dict[Kind, str]] = {
    "grant": "grant",
    "convention": "convention",
    "payment_order": "order",
    "document": "outcome",
    "event": "outcome",
    "record": "outcome",
}
"""By kind, the table of its states."""


@dataclass(frozen=True, slots=True)
class HitView:
    """Something that was found."""

    href: str
    text: str
    more: str
    """What it is, beside its name."""
    budget: str
    state: State | None
    amount: str


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind."""

    kind: str
    title: str
    hits: Sequence[HitView]


def groups(hits: Iterable[Hit], locale: LocaleFormat) -> list[Group]:
    """Group hits by kind; a page that several hits of a kind lead to stands once."""
    of_kind: dict[Kind, dict[str, HitView]] = {}
    for hit in hits:
        shown = _hit_view(hit, locale)
        of_kind.setdefault(hit.kind, {}).setdefault(shown.href, shown)
    return [
        Group(kind, locale.say(title), [*of_kind[kind].values()])
        for kind, title in KINDS.items()
        if kind in of_kind
    ]


def only_page(hits: Iterable[Hit]) -> str | None:
    """The one page that what was named whole leads to; or all that was found, if nothing was."""
    found = [*hits]
    pages = {href_of(hit) for hit in found if hit.whole} or {href_of(hit) for hit in found}
    return pages.pop() if len(pages) == 1 else None


def href_of(hit: Hit) -> str:
    """The page that a hit leads to."""
    return HREFS[hit.kind](hit, hit.budget or "")


def _grant(hit: Hit, budget: str) -> str:
    return grant_href(budget, hit.grant) if hit.grant is not None else _record(hit, budget)


def _record(hit: Hit, budget: str) -> str:
    assert hit.sequence is not None, "it was found by its record"
    return record_href(budget, hit.sequence)


HREFS: Final[dict[Kind, Callable[[Hit, str], str]]] = {
    "grant": _grant,
    "convention": _grant,
    "act": _grant,
    "payment_order": lambda hit, budget: order_href(budget, hit.id),
    "beneficiary": lambda hit, _budget: beneficiary_href(hit.id),
    "budget": lambda _hit, budget: budget_href(budget),
    "operation": lambda hit, budget: address("budgets", budget, operation=hit.id),
    "document": _record,
    "event": _record,
    "record": _record,
}
"""By kind, its page: an act on a grant leads there, and any other to its record."""


def _hit_view(hit: Hit, locale: LocaleFormat) -> HitView:
    kind = STATES.get(hit.kind)
    return HitView(
        href_of(hit),
        _text(hit, locale),
        " · ".join(_more(hit, locale)),
        "" if hit.budget is None or hit.kind == "budget" else hit.budget,
        None if kind is None or hit.state is None else state_of(hit.state, kind, locale),
        "" if hit.amount_cents is None else locale.money(hit.amount_cents),
    )


def _text(hit: Hit, locale: LocaleFormat) -> str:
    if hit.kind == "document":
        kind, _slash, year = hit.id.partition("/")
        return document_name(kind, year, locale)
    if hit.kind == "record":
        return locale.say(_("Record {number}"), number=locale.number(hit.sequence))
    return (hit.name or hit.id) if hit.kind in {"grant", "beneficiary"} else hit.id


def _more(hit: Hit, locale: LocaleFormat) -> Iterable[str]:
    if hit.type is not None:
        yield type_name(hit.type, locale)
    if hit.kind in {"grant", "beneficiary"}:
        yield hit.id
    elif hit.name:
        yield hit.name
    if hit.title:
        yield hit.title
    if hit.signatory:
        yield locale.say(_("signed by {signatory}"), signatory=hit.signatory)
    if hit.kind == "act" and hit.state is not None:
        yield locale.say(ROLES[hit.state])
