"""Elements of several pages: figures with the records behind them, bars, notices, states, links."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from markupsafe import Markup

from events.texts import _
from services.api.console.texts import STAGES, TYPES
from services.api.queries.rows import LINE, BudgetLine
from services.ledger.explain.sentences import line_label
from services.texts.locale_format import LocaleFormat

OFTEN_NOTHING: Final = frozenset({"carried_over", "released"})
"""Stages out of the chain: shown where there is something in them."""

BAR_WIDTH: Final = 1000
"""The units of a whole bar."""

BELOW: Final = "below"
"""The part of a bar that is below zero."""

VISIBLE_PARTS: Final = 100
"""A part that is not nothing is drawn as no less than one of so many: figures stand beside it."""


class Verbatim(str):
    """Text that stands on a page as it is: an address, a token, an account that was asked for.

    In all other words on a page IBANs are shortened: people call things by them.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class State:
    """A state in words, with a tone and an icon: never shown by colour alone."""

    text: str
    tone: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a reader should know first."""

    tone: str
    icon: str
    title: str
    text: str = ""
    do: str = ""
    rule: str = ""
    more: Link | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is said under it."""

    label: str
    text: str
    more: str = ""
    href: str = ""
    late: bool = False
    name: bool = False
    """True if it is what something is called, and no figure."""


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount, and where the records are that made it; `text` is None where nobody knows."""

    name: str
    label: str
    text: str | None
    href: str = ""
    nothing: bool = False
    drawn: bool = True
    below: bool = False
    """True of an amount below zero."""


class Segment(NamedTuple):
    """One part of a bar."""

    name: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of stages with its text."""

    segments: Sequence[Segment]
    alternative: str


@dataclass(frozen=True, slots=True)
class PageLinks:
    """The ways from one page of a list to others."""

    next_href: str = ""
    first_href: str = ""
    previous_href: str = ""


Amounts = Sequence[tuple[str, int]]
"""Cents by stage, in the order of the chain."""


def bar_of(amounts: Amounts, locale: LocaleFormat) -> Bar:
    """A bar, and the same as text: what is nothing is left out."""
    texts = [
        f"{locale.say(STAGES[name])} {locale.money(cents)}" for name, cents in amounts if cents != 0
    ]
    nothing = locale.say(_("nothing"))
    return Bar(segments(amounts), ", ".join(texts) or nothing)


def segments(parts: Iterable[tuple[str, int]]) -> Sequence[Segment]:
    """The parts of a bar from left to right, each beginning where the last one ends.

    Shares are cumulative, as the ledger's own are (rules, 23), so that they fill the bar. What is
    nothing has no part in it; what is below zero has one of its size, drawn as such.
    """
    drawn = [(name if cents > 0 else BELOW, abs(cents)) for name, cents in parts if cents]
    whole_cents = sum(cents for _name, cents in drawn)
    weights = [max(cents, whole_cents // VISIBLE_PARTS, 1) for _, cents in drawn]
    whole = sum(weights)
    cut, before, made = 0, 0, []
    for (name, _cents), weight in zip(drawn, weights, strict=True):
        before += weight
        end = BAR_WIDTH * before // whole
        made.append(Segment(name, cut, end - cut))
        cut = end
    return made


def figures_of(
    amounts: Amounts, locale: LocaleFormat, hrefs: dict[str, str] | None = None
) -> list[Figure]:
    """The figures of a bar, in its order; a stage out of the chain only where it has something."""
    return [
        figure(name, cents, locale, (hrefs or {}).get(name, ""))
        for name, cents in amounts
        if cents or name not in OFTEN_NOTHING
    ]


def figure(
    name: str, cents: int | None, locale: LocaleFormat, href: str = "", *, drawn: bool = True
) -> Figure:
    """One amount under the name of its stage."""
    text = None if cents is None else locale.money(cents)
    below = cents is not None and cents < 0
    return Figure(name, locale.say(STAGES[name]), text, href, cents == 0, drawn, below)


def money_shown(amount_cents: int | None, locale: LocaleFormat) -> str:
    """An amount as a template shows it: below zero it stands out, by more than its sign."""
    text = locale.money(amount_cents)
    if amount_cents is None or amount_cents >= 0:
        return text
    return Markup('<span class="below">{}</span>').format(text)


def line_name(line: BudgetLine) -> str:
    """`65/65748/61/489`, as the ledger writes it."""
    return line_label(line_codes(line))


def line_codes(line: BudgetLine) -> dict[str, str | None]:
    """The four codes of a line, by name."""
    return {name: getattr(line, name) for name in LINE}


def capital(texts: str) -> str:
    """Words as they begin a line."""
    return texts[:1].upper() + texts[1:]


def type_name(event_type: str | None, locale: LocaleFormat) -> str:
    """Name of an event type; a type that is not known stays as it is."""
    if event_type is None:
        return locale.say(_("Dead letter"))
    known = TYPES.get(event_type)
    return event_type if known is None else locale.say(known)


def address(*steps: str, **parameters: str | None) -> Verbatim:
    """An address of the console; what is None is not asked."""
    path = "/".join(quote(step, safe="") for step in steps)
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return Verbatim(f"/console/{path}" + (f"?{query}" if query else ""))


def record_href(budget: str, sequence: int) -> str:
    """The page of a record of the journal."""
    return address("records", budget, str(sequence))


def figure_href(
    budget: str,
    stage: str,
    *,
    line: BudgetLine | None = None,
    grant: str | None = None,
    **parameters: str | None,
) -> str:
    """The page of the moves behind a figure: of all lines with these codes.

    Of one line every code is asked; of those that it does not have, that there is none.
    """
    codes = {} if line is None else {name: code or "" for name, code in line_codes(line).items()}
    return address("figures", budget, stage, **{**codes, "grant": grant, **parameters})


def budget_href(budget: str) -> str:
    """The page of a budget."""
    return address("budgets", budget)


def beneficiary_href(siret: str) -> str:
    """The page of a beneficiary."""
    return address("beneficiaries", siret)


def grant_href(budget: str, grant: str) -> str:
    """The page of a grant."""
    return address("grants", budget, grant)


def order_href(budget: str, payment_order: str) -> str:
    """The page of a payment order, whose reference has slashes in it."""
    return address("orders", budget, *payment_order.split("/"))


def slip_href(slip_id: str) -> str:
    """The page of a slip."""
    return address("treasury", "slips", slip_id)


def following(
    steps: Sequence[str],
    filters: Mapping[str, str | None],
    last: Sequence[object] | None,
    *,
    started: bool,
    first: Sequence[object] | None = None,
) -> PageLinks:
    """The ways from a page of a list to others.

    Args:
        steps: of its address.
        filters: the filters.
        last: the key of its last row, if others follow.
        started: True on the first page.
        first: the key of its first row, if others stand before it.
    """
    here = address(*steps, **filters)
    return PageLinks(
        _extend_address(here, "after", last),
        "" if started else here,
        _extend_address(here, "before", first),
    )


def _extend_address(here: str, side: str, key: Sequence[object] | None) -> str:
    if key is None:
        return ""
    sign = "&" if "?" in here else "?"
    return Verbatim(here + sign + urlencode([(side, each) for each in key]))


def add_up(rows: Iterable[Amounts]) -> Amounts:
    """Amounts of several lines added up, stage by stage."""
    sums: dict[str, int] = {}
    for amounts in rows:
        for name, cents in amounts:
            sums[name] = sums.get(name, 0) + cents
    return list(sums.items())


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
