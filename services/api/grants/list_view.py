"""The list of grants. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from services.api.console.elements import Bar, Link, State, bar_of, grant_href
from services.api.console.texts import grants as texts
from services.api.grants.money import GrantKey
from services.api.grants.query import Grant
from services.ledger.explain.terms import GRANT_STATES
from services.texts.locale_format import LocaleFormat

TONES: Final = {
    "announced": ("info", "later"),
    "awarded": ("good", "good"),
    "withdrawn": ("bad", "bad"),
    "carried": ("info", "info"),
}


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant in the list."""

    link: Link
    title: str
    beneficiary: str
    siret: str
    budget: str
    state: State
    awarded: str
    paid: str
    bar: Bar
    flags: State | None


def rows_of(
    grants: Iterable[Grant], reserved_cents: Mapping[GrantKey, int], locale: LocaleFormat
) -> list[GrantRow]:
    """The list; `reserved_cents` is what is reserved for each."""
    return [_row(each, reserved_cents[each.budget, each.grant], locale) for each in grants]


def found_text(count: int, search: str, locale: LocaleFormat, *, more: bool) -> str:
    """Number of grants that are shown, and the search."""
    text = locale.counted(texts.FOUND_MORE if more else texts.FOUND, count)
    return f"{text} {locale.say(texts.TEXTS['found_for'], search=search)}" if search else text


def grant_state(state: str, locale: LocaleFormat) -> State:
    """The state of a grant, never shown by colour alone."""
    return State(locale.say(GRANT_STATES[state]), *TONES[state])


def flag_count(count: int, locale: LocaleFormat) -> State | None:
    """Number of review flags; None where there is none."""
    if not count:
        return None
    return State(locale.counted(texts.FLAG_COUNT, count), "warn", "warn")


def _row(grant: Grant, reserved_cents: int, locale: LocaleFormat) -> GrantRow:
    name = grant.grant if grant.beneficiary is None else grant.beneficiary.name or grant.grant
    return GrantRow(
        Link(grant_href(grant.budget, grant.grant), name),
        grant.title or grant.grant,
        name,
        "" if grant.beneficiary is None else grant.beneficiary.siret,
        grant.budget,
        grant_state(grant.state, locale),
        locale.money(grant.awarded_cents or grant.granted_cents),
        locale.money(grant.paid_cents),
        bar_of(_progress(grant, reserved_cents), locale),
        flag_count(grant.flags, locale),
    )


def _progress(grant: Grant, reserved_cents: int) -> list[tuple[str, int]]:
    """Money of a grant by stage."""
    return [
        ("reserved", reserved_cents),
        ("committed", grant.remaining_cents),
        ("ordered", grant.ordered_cents),
        ("paid", grant.paid_cents),
        ("carried_over", grant.carried_over_cents),
    ]
