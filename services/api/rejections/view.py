"""Lists of cases that wait for a person, by reason, and the number of each. Pure.

Apart from the page of these lists, since Today and Processing show their numbers too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import StringConstraints

from events.texts import Translatable, _, verbatim
from services.api.console.elements import Link, address
from services.api.queries.rejections import ByReason
from services.ledger.explain.answers import DEAD_LETTERS, FLAGS, WAITS
from services.ledger.explain.refusals import REFUSALS
from services.texts.locale_format import LocaleFormat

TERMS: Final[Mapping[str, Mapping[str, Translatable]]] = {
    "refused": {code.value: advice.term for code, advice in REFUSALS.items()},
    "parked": {kind.value: advice.term for kind, advice in WAITS.items()},
    "unreadable": {code.value: advice.term for code, advice in DEAD_LETTERS.items()},
    "flagged": {code.value: advice.term for code, advice in FLAGS.items()},
}
"""By list, the names of its reasons."""

KINDS: Final = tuple(TERMS)

Listing = Annotated[str, StringConstraints(pattern=f"^({'|'.join(KINDS)})$")]
"""The name of a list in an address or a form."""

Counts = Mapping[str, Sequence[ByReason] | None]
"""By list, how many of each reason; None where the caller may not see them."""


def term_of(kind: str, code: str) -> Translatable:
    """Name of a reason; one that this version does not know keeps its code."""
    return TERMS[kind].get(code) or verbatim(code)


@dataclass(frozen=True, slots=True)
class ToDo:
    """A kind of thing that waits for a person, and how many there are."""

    link: Link
    count: str


TO_REISSUE: Final = _("Rejected payment orders, to be issued again")


def todo(
    others: Iterable[tuple[Translatable, int, str]], counts: Counts, locale: LocaleFormat
) -> list[ToDo]:
    """Work that waits for somebody; what is nothing is left out.

    `others` are kinds of work beside the troubles that `counts` has: a name, a number, an address.
    """
    found = list(others)
    for text, kind in (
        (_("Points to review"), "flagged"),
        (_("Refused events"), "refused"),
        (_("Parked events"), "parked"),
        (_("Dead letters"), "unreadable"),
    ):
        count = sum(each.count for each in counts[kind] or ())
        found.append((text, count, address("troubles", kind)))
    return [
        ToDo(Link(href, locale.say(text)), locale.number(count))
        for text, count, href in found
        if count
    ]
