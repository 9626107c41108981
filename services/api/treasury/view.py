"""Slips, returns and findings in words. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from events.texts import Translatable, _
from services.api.console.elements import Link, Notice, slip_href
from services.api.problems import Kind
from services.api.treasury.query import Finding, OrderAtTreasury, ReturnFile, Slip
from services.texts.locale_format import LocaleFormat
from services.treasury.domain.findings import sentence_of, text_of
from services.treasury.returns.returns import FileOutcome

NOT_SET_UP: Final = Kind(
    "treasury_not_set_up",
    404,
    _("No treasury here"),
    _("This server makes no slips: it has no file with the codes of the public accountant."),
    _("The operator names one by ECLUSE_TREASURY_FILE (docs/for-the-treasury.md)."),
)
NUMBERED: Final = {"01": _("Slip {number}"), "02": _("Cancelling slip {number}")}
DRAFT: Final = {"01": _("Draft of a slip"), "02": _("Draft of a cancelling slip")}
"""By type, the name of a slip that has its number, and of one that has none."""

SENT_TITLE: Final = _("A return brings its payments by itself")
SENT: Final = _(
    "This order was sent to the accountant ({slip}). A payment that is sent by hand, and comes by a"
    " return (PES_Retour) too, is booked twice."
)
SENT_DO: Final = _(
    "Send one only where the accountant sends no returns, or confirms that none will bring it."
)

REFUSED: Final = _("refused: {why}")
ACCEPTED: Final = _("the gateway accepted the slip")
NOT_ACCEPTED: Final = _("the gateway refused the slip")
TAKEN: Final = _("pieces: {pieces}, new events: {events}, new findings: {findings}")


def no_treasury_notice(locale: LocaleFormat) -> Notice:
    """The notice that this server makes no slips, and how that is changed."""
    return Notice(
        "info",
        "info",
        locale.say(NOT_SET_UP.title),
        locale.say(NOT_SET_UP.detail),
        locale.say(NOT_SET_UP.advice),
    )


def notice_of_sent(known: OrderAtTreasury | None, locale: LocaleFormat) -> Notice | None:
    """A notice that a return may bring a payment too which is sent by hand; None where none can."""
    slip = None if known is None else known.sent
    if slip is None:
        return None
    text = locale.say(SENT, slip=slip_title(slip, locale))
    more = Link(slip_href(slip.slip_id), slip_title(slip, locale))
    return Notice("warn", "warn", locale.say(SENT_TITLE), text, locale.say(SENT_DO), more=more)


def slip_title(slip: Slip, locale: LocaleFormat) -> str:
    """`Slip 12`; a draft has no number."""
    if slip.number is None:
        return locale.say(DRAFT[slip.slip_type])
    return locale.say(NUMBERED[slip.slip_type], number=slip.number)


def finding_text(finding: Finding) -> Translatable:
    """The text of a finding: the fact, and what to do."""
    return sentence_of(finding.kind, finding.facts, finding.payment_order, finding.file_name)


def errors_of(answer: Mapping[str, Any] | None) -> list[str]:
    """The errors that the gateway named, each as `ERREUR_SIRET – its words`."""
    if answer is None:
        return []
    return [
        " – ".join(each[name] for name in ("code", "label") if each[name])
        for each in answer["errors"]
    ]


def outcome_of(file: ReturnFile, locale: LocaleFormat) -> str:
    """The outcome of a file of the accountant, in words."""
    facts = file.facts
    if "why" in facts:
        return locale.say(REFUSED, why=locale.say(text_of(facts["why"])))
    if file.kind == "acquit":
        return locale.say(ACCEPTED if facts["accepted"] else NOT_ACCEPTED)
    return locale.say(
        TAKEN, pieces=facts["pieces"], events=facts["events"], findings=facts["findings"]
    )


def upload_result(taken: FileOutcome, locale: LocaleFormat) -> str:
    """The result of a file that was brought just now, in words."""
    if taken.why is not None:
        return locale.say(REFUSED, why=locale.say(taken.why))
    if taken.accepted is not None:
        return locale.say(ACCEPTED if taken.accepted else NOT_ACCEPTED)
    return locale.say(TAKEN, pieces=taken.pieces, events=taken.events, findings=taken.findings)


def refusal_of(refusal: Mapping[str, Any], locale: LocaleFormat) -> str:
    """The sentence by which the ledger refused an event."""
    return str(refusal["message"][locale.language.value])
