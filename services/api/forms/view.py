"""A form and an event as people read them, field by field, and the names of their members. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from events.texts import Translatable, _, pgettext
from services.api.console.elements import Verbatim
from services.api.console.texts import ROLES, TRIGGERS, WITHDRAWAL_CAUSES
from services.api.forms.fields import Field, Kind, Path
from services.ledger.explain.sentences import DOCUMENTS, ORDER_STATES
from services.texts.locale_format import LocaleFormat

LABELS: Final[Mapping[str, Translatable]] = {
    "act": _("Act"),
    "acts": _("Acts"),
    "amendment": _("Amendment"),
    "amount_cents": _("Amount (€)"),
    "appropriations": _("Appropriations"),
    "article": _("Article"),
    "bank_account": _("Bank account"),
    "bank_reference": _("Bank reference"),
    "beneficiary": _("Beneficiary"),
    "bic": _("BIC"),
    "body": _("Assembly"),
    "budget": _("Budget"),
    "carry_over": _("Conventions carried over"),
    "cause": _("Cause"),
    "ceiling": _("Capped at the eligible cost"),
    "chain": _("Chain"),
    "chapter": _("Chapter"),
    "closed_on": _("Closed on"),
    "code": _("Code"),
    "comment": _("Comment"),
    "conditions_year": _("Year of the documents asked for"),
    "convention": _("Convention"),
    "date": _("Date"),
    "document": _("Document"),
    "documents": _("Documents"),
    "due_on": pgettext("report", "Due on"),
    "effective_on": _("Effective on"),
    "eligible_cost_cents": _("Eligible cost (€)"),
    "ends_on": _("Ends on"),
    "event": _("Event"),
    "executed_on": _("Paid on"),
    "from_line": _("From line"),
    "function": _("Function"),
    "grant": _("Grant"),
    "holder": _("Holder"),
    "iban": _("IBAN"),
    "id": _("Its id"),
    "instalment": _("Instalment"),
    "instalments": _("Instalments"),
    "interested": _("Councillors with an interest"),
    "kind": _("Kind"),
    "label": _("Wording"),
    "line": _("Budget line"),
    "lines": _("Amounts by line"),
    "name": _("Name"),
    "notified_on": _("Notified on"),
    "number": _("Number"),
    "obligations": _("Documents owed"),
    "on": _("Day"),
    "operation": _("Operation"),
    "payment_order": _("Payment order"),
    "published_on": _("Published on"),
    "reason": _("Reason"),
    "received_on": _("Received on"),
    "recovery": _("Recovery"),
    "recused": _("Councillors who took no part"),
    "representative": _("Represented by"),
    "requires_convention": _("Needs a convention"),
    "reviewed_by": _("Reviewed by"),
    "reviewed_on": _("Reviewed on"),
    "role": _("Role"),
    "sequence": _("Number of the record"),
    "services": _("Services"),
    "signatory": _("Signatory"),
    "signed_on": _("Signed on"),
    "siret": _("SIRET"),
    "source": _("Its sender"),
    "stage": _("Vote"),
    "starts_on": _("Starts on"),
    "state": _("State"),
    "stated_condition_years": _("Years named in the text"),
    "stated_total_cents": _("Total named in the text (€)"),
    "title": _("Purpose"),
    "to_line": _("To line"),
    "trigger": _("Paid"),
    "vote_level": _("Vote level"),
    "year": _("Year"),
}
"""By the name of a member of the contract; a test holds it complete."""

ANSWERS: Final = {"true": _("yes"), "false": _("no")}

CHOICES: Final[Mapping[str, Mapping[str, Translatable]]] = {
    "carry_over": {"all": _("all"), "none": _("none")},
    "cause": WITHDRAWAL_CAUSES,
    "ceiling": ANSWERS,
    "kind": DOCUMENTS,
    "requires_convention": ANSWERS,
    "role": ROLES,
    "stage": {
        "initial": _("initial budget"),
        "supplementary": _("supplementary budget"),
        "amendment": _("amendment of the budget"),
    },
    "state": ORDER_STATES,
    "trigger": TRIGGERS,
    "vote_level": {
        "chapter": _("by chapter"),
        "article": _("by article"),
        "operation": _("by operation"),
    },
}
"""By the name of a member, the names of its values."""


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
class ShownField:
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
    fields: Sequence[ShownField]


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
            [_show_field(each, typed, faults.get(each.name), locale) for each in some],
        )
        for parent, some in groupby(fields, lambda field: _group(field.path))
    ]


def keep_filled(groups: Iterable[Group]) -> list[Group]:
    """The groups without what has no value."""
    found = [Group(each.legend, [one for one in each.fields if one.text]) for each in groups]
    return [each for each in found if each.fields]


def as_typed(typed: Mapping[str, str], name: str) -> str:
    """A typed value for the fields of a form: whole, else an IBAN could not be sent."""
    return Verbatim(typed.get(name, ""))


def _show_field(
    field: Field, typed: Mapping[str, str] | None, fault: Translatable | None, locale: LocaleFormat
) -> ShownField:
    value = field.value
    if typed is not None and not field.is_fixed:
        value = as_typed(typed, field.name)
    name = next(each for each in reversed(field.path) if isinstance(each, str))
    texts = CHOICES.get(name, {})
    choices = [(each, locale.say(texts[each]) if each in texts else each) for each in field.choices]
    return ShownField(
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
