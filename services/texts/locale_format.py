"""Money, days, instants and counts in French and in English, by Babel.

A figure that nobody knows is said in words, and is never 0.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from babel.dates import format_date, format_datetime, format_time, format_timedelta, get_timezone
from babel.numbers import format_decimal

from events.texts import CountedText, Translatable, _, ngettext
from services.texts import formats
from services.texts.formats import ZONE
from services.texts.language import Language
from services.texts.translation import Sentence, translate

LOCALES: Final = {Language.FR: "fr_FR", Language.EN: "en_GB"}

UNKNOWN: Final = "—"
"""Sign of an unknown figure; a text for screen readers stands beside it."""

SEVERAL_OF_A_UNIT: Final = 2
"""From how many of a unit on an age is said in it: 119 seconds, then 2 minutes."""

SPANS: Final = (
    (86_400, _("d")),
    (3_600, _("h")),
    (60, _("min")),
    (1, _("s")),
)
"""Units of a span in a column, with their seconds, from the greatest on."""

INSTANT: Final = _("{day} at {clock}")
TODAY: Final = _("today")

EXACT_S: Final = 10
"""Below so many seconds an exact span has a decimal; below one second it is in milliseconds."""

# A due date is counted in days, however far.
DAYS_AGO: Final = ngettext("{count} day ago", "{count} days ago")
IN_DAYS: Final = ngettext("in {count} day", "in {count} days")
OVERDUE: Final = ngettext("{count} day overdue", "{count} days overdue")


@dataclass(frozen=True, slots=True)
class LocaleFormat:
    """The language, and the clocks of France, in which everything on a page is said."""

    language: Language

    @property
    def babel_name(self) -> str:
        return LOCALES[self.language]

    def say(self, text: Translatable | Sentence, **facts: object) -> str:
        """The sentence with its facts in place, in this language."""
        if facts and isinstance(text, Translatable):
            text = text.render(facts)
        return translate(text, self.language)

    def quantity(self, texts: CountedText, count: int, **facts: object) -> str:
        """`3 orders`: none is one in French, and many in English."""
        return translate(texts.render(count, **facts), self.language)

    def money(self, amount_cents: int | None) -> str:
        """`1 355 600,00 €`, `€1,355,600.00`: exact; the dash where nobody knows."""
        return UNKNOWN if amount_cents is None else formats.euros(amount_cents, self.language)

    def number(self, count: int | None) -> str:
        """`1 355 600`, `1,355,600`; the dash where nobody knows."""
        return UNKNOWN if count is None else formats.number(count, self.language)

    def rate(self, per_mille: int | None) -> str:
        """`85,3 %`, `85.3%` of thousandths; the dash where there is no rate."""
        if per_mille is None:
            return UNKNOWN
        text = format_decimal(Decimal(per_mille).scaleb(-1), "#,##0.0", locale=self.babel_name)
        return f"{text}\u202f%" if self.language is Language.FR else f"{text}%"

    def month(self, month: int) -> str:
        """`juillet`, `July`: a month by its number from 1."""
        return format_date(date(2000, month, 1), "LLLL", locale=self.babel_name)

    def day(self, day: date | str | None) -> str:
        """`14 juillet 2023`, `14 July 2023`."""
        if day is None:
            return UNKNOWN
        found = date.fromisoformat(day) if isinstance(day, str) else day
        text = format_date(found, "long", locale=self.babel_name)
        # French says the first of a month as an ordinal; babel's long form does not.
        return f"1er{text[1:]}" if self.language is Language.FR and found.day == 1 else text

    def short_day(self, day: date | str | None) -> str:
        """`14/07/2023` in both: what stands in a column."""
        if day is None:
            return UNKNOWN
        found = date.fromisoformat(day) if isinstance(day, str) else day
        return format_date(found, "dd/MM/yyyy", locale=self.babel_name)

    def clock(self, instant: datetime) -> str:
        """`14:02:11`."""
        return format_time(instant, "HH:mm:ss", tzinfo=get_timezone(ZONE), locale=self.babel_name)

    def instant(self, instant: datetime | None) -> str:
        """`14 juillet 2023 à 14:02:11`, `14 July 2023 at 14:02:11`."""
        if instant is None:
            return UNKNOWN
        day = self.day(self.local_day(instant))
        return self.say(INSTANT, day=day, clock=self.clock(instant))

    def short_instant(self, instant: datetime | None) -> str:
        """`14/07/2023 14:02`: what stands in a column."""
        if instant is None:
            return UNKNOWN
        return format_datetime(
            instant, "dd/MM/yyyy HH:mm", tzinfo=get_timezone(ZONE), locale=self.babel_name
        )

    def local_day(self, instant: datetime) -> date:
        """The day that it is on the clocks of France."""
        return instant.astimezone(get_timezone(ZONE)).date()

    def age(self, then: datetime, now: datetime) -> str:
        """`il y a 8 secondes`, `8 seconds ago`; of what is to come, `dans 3 jours`."""
        return format_timedelta(
            then - now, add_direction=True, threshold=SEVERAL_OF_A_UNIT, locale=self.babel_name
        )

    def span(self, seconds: float | None) -> str:
        """`8 s`, `23 min`, `3 h`, `2 j`: what stands in a column; the dash where nobody knows."""
        if seconds is None:
            return UNKNOWN
        size, unit = next(
            (each for each in SPANS if seconds >= SEVERAL_OF_A_UNIT * each[0]), SPANS[-1]
        )
        return f"{self.number(round(seconds / size))}\u202f{translate(unit, self.language)}"

    def exact_span(self, seconds: float | None) -> str:
        """`18 ms`, `3,1 s`, `23 min`: a duration that was measured."""
        if seconds is None or seconds >= EXACT_S:
            return self.span(seconds)
        if seconds < 1:
            return f"{self.number(round(seconds * 1000))}\u202fms"
        return f"{format_decimal(seconds, '0.0', locale=self.babel_name)}\u202fs"

    def days_away(self, day: date, today: date) -> str:
        """`dans 12 jours`, `il y a 1 238 jours`; today is called so."""
        if day == today:
            return self.say(TODAY)
        count = (day - today).days
        return self.quantity(IN_DAYS if count > 0 else DAYS_AGO, abs(count))

    def days_overdue(self, day: date, today: date) -> str:
        """`échu depuis 1 238 jours`, `1,238 days overdue`: of a day that has passed."""
        return self.quantity(OVERDUE, (today - day).days)
