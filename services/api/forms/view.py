"""A form and an event as people read them, field by field. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from events.texts import Translatable, _
from services.api.console.elements import Verbatim
from services.api.console.texts.event_fields import CHOICES, LABELS
from services.api.forms.fields import Field, Kind, Path
from services.texts.locale_format import LocaleFormat

TRIED: Final = {
    "accepted": _("The ledger would accept it."),
    "duplicate": _("The ledger knows it already: nothing would happen."),
    "refused": _("The ledger would refuse it."),
    "parked": _("It would wait."),
}
"""By the outcome of a trial, its headline."""

DECIDED: Final = {
    "accepted": _("Accepted"),
    "duplicate": _("The ledger knew it already: nothing happened."),
    "refused": _("Refused"),
    "parked": _("It waits."),
}
"""By the outcome of an event that was sent."""

TONES: Final = {"accepted": "good", "duplicate": "info", "refused": "bad", "parked": "info"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of a form."""

    name: str
    label: str
    kind: str
    value: str
    text: str
    """The value as people read it."""
    choices: Sequence[tuple[str, str]]
    is_required: bool
    is_fixed: bool
    fault: str


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together; the legend names what they are of."""

    legend: str
    fields: Sequence[Shown]


def groups_of(
    fields: Sequence[Field],
    typed: Mapping[str, str] | None,
    faults: Mapping[str, Translatable],
    locale: LocaleFormat,
) -> list[Group]:
    """The fields of a form, as they were filled in; `typed` is None before anybody has typed."""
    return [
        Group(
            _legend(parent, locale),
            [_shown(each, typed, faults.get(each.name), locale) for each in some],
        )
        for parent, some in groupby(fields, lambda field: _group(field.path))
    ]


def filled(groups: Iterable[Group]) -> list[Group]:
    """The groups without what has no value."""
    found = [Group(each.legend, [one for one in each.fields if one.text]) for each in groups]
    return [each for each in found if each.fields]


def as_typed(typed: Mapping[str, str], name: str) -> str:
    """What somebody typed, for the fields of a form: whole, else an IBAN could not be sent."""
    return Verbatim(typed.get(name, ""))


def _shown(
    field: Field, typed: Mapping[str, str] | None, fault: Translatable | None, locale: LocaleFormat
) -> Shown:
    value = field.value
    if typed is not None and not field.is_fixed:
        value = as_typed(typed, field.name)
    name = next(each for each in reversed(field.path) if isinstance(each, str))
    texts = CHOICES.get(name, {})
    choices = [(each, locale.say(texts[each]) if each in texts else each) for each in field.choices]
    return Shown(
        field.name,
        _legend(field.path[field.path.index(name) :], locale),
        field.kind.value,
        value,
        _text(field, dict(choices), locale),
        choices,
        field.is_required,
        field.is_fixed,
        "" if fault is None else locale.say(fault),
    )


def _text(field: Field, choices: Mapping[str, str], locale: LocaleFormat) -> str:
    """The value of a field as people read it."""
    if field.original is None:
        return ""
    if field.kind is Kind.DAY:
        return locale.day(field.original)
    if field.kind is Kind.EUROS:
        return locale.money(field.original)
    return choices.get(field.value, field.value)


def _group(path: Path) -> Path:
    """The item of a list, or the member of the data, in which a field stands."""
    parents = path[:-1]
    numbers = [at for at, each in enumerate(parents) if isinstance(each, int)]
    return parents[: numbers[-1] + 1] if numbers else parents[:1]


def _legend(path: Path, locale: LocaleFormat) -> str:
    """`Instalments 2 · Amounts by line 1`."""
    parts: list[str] = []
    for each in path:
        if isinstance(each, int):
            parts[-1] += f"\u00a0{locale.number(each + 1)}"
        else:
            parts.append(locale.say(LABELS[each]))
    return " · ".join(parts)
