"""Translates texts, and errors of the system: English stands in the code, French in `fr.mo`."""

import errno
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final

from events.texts import Day, Euros, Number, Translatable, _, verbatim
from services.texts.formats import day, euros, number
from services.texts.language import Language

RIGHT_TO_LEFT: Final = re.compile(
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""A character of a script that runs from right to left.

Figures and signs beside it would be shown in another order. So a text with one is isolated by
control characters (UAX 9): a sentence may stand in an attribute or a terminal too."""

COMPILED: Final = Path(__file__).with_name("fr.mo")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One message in both languages of Écluse's users; `{name}` stands for a fact."""

    fr: str
    en: str


def translate(text: Translatable | Sentence, language: Language) -> str:
    """The text in one language, with its facts in place.

    Raises:
        KeyError: a fact that the text names is missing.
    """
    if isinstance(text, Sentence):
        return text.fr if language is Language.FR else text.en
    message = _message(text, _catalogue(language))
    return message.format_map(_translate_facts(text.facts, language)) if text.facts else message


def isolate(text: str) -> str:
    """Isolate a text that runs from right to left, so that it turns nothing around it."""
    return f"\u2068{text}\u2069" if RIGHT_TO_LEFT.search(text) else text


def both(text: Translatable) -> Sentence:
    """The text in both languages, for who reads it later."""
    return Sentence(fr=translate(text, Language.FR), en=translate(text, Language.EN))


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a docstring, each on one line: as messages they stand in the catalogue."""
    lines = [" ".join(each.split()) for each in text.split("\n\n")]
    return [each for each in lines if each]


@cache
def _catalogue(language: Language) -> NullTranslations:
    if language is Language.EN:
        return NullTranslations()
    with COMPILED.open("rb") as file:
        return GNUTranslations(file)


def _message(text: Translatable, catalogue: NullTranslations) -> str:
    if text.plural is not None:
        return catalogue.ngettext(text.msgid, text.plural, text.count)
    if text.context is not None:
        return catalogue.pgettext(text.context, text.msgid)
    return catalogue.gettext(text.msgid)


def _translate_facts(facts: Mapping[str, object], language: Language) -> dict[str, object]:
    return {name: _fact(fact, language) for name, fact in facts.items()}


def _fact(fact: object, language: Language) -> object:
    match fact:
        case Translatable() | Sentence():
            return translate(fact, language)
        case Number(value):
            return number(value, language)
        case Euros(amount_cents):
            return euros(amount_cents, language)
        case Day(iso):
            return day(iso, language)
        case tuple():
            return ", ".join(str(_fact(each, language)) for each in fact)
        case str():
            return isolate(fact)
        case _:
            return fact


BY_NUMBER: Final = {
    errno.ENOENT: _("No such file or directory"),
    errno.EACCES: _("Permission denied"),
    errno.EPERM: _("Operation not permitted"),
    errno.EEXIST: _("File exists"),
    errno.ENOTDIR: _("Not a directory"),
    errno.EISDIR: _("Is a directory"),
    errno.ENAMETOOLONG: _("File name too long"),
    errno.EFBIG: _("File too large"),
    errno.ENOSPC: _("No space left on device"),
    errno.EDQUOT: _("Disk quota exceeded"),
    errno.EROFS: _("Read-only file system"),
    errno.EIO: _("Input/output error"),
    errno.EBUSY: _("Device or resource busy"),
    errno.EMFILE: _("Too many open files"),
    errno.EADDRINUSE: _("Address already in use"),
    errno.EADDRNOTAVAIL: _("Cannot assign requested address"),
    errno.ECONNREFUSED: _("Connection refused"),
    errno.ETIMEDOUT: _("Connection timed out"),
    errno.ENETUNREACH: _("Network is unreachable"),
    errno.EHOSTUNREACH: _("No route to host"),
}
"""Of the operating system: asyncio puts words of its own around these."""

BY_TEXT: Final = {
    each.msgid: each
    for each in (
        _("Name or service not known"),
        _("Temporary failure in name resolution"),
        _("database or disk is full"),
        _("database is locked"),
        _("attempt to write a readonly database"),
        _("unable to open database file"),
        _("database disk image is malformed"),
        _("file is not a database"),
        _("disk I/O error"),
    )
}
"""Of the resolver of names, and of SQLite."""

NOT_UTF_8 = _("it is no text in UTF-8, from byte {byte} on")


def error_text(error: Exception) -> Translatable:
    """The text of an error; of one that is not known here, the English of its library."""
    if isinstance(error, UnicodeDecodeError):
        return NOT_UTF_8.render({"byte": error.start})
    text = str(error)
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):  # Numbers of its own.
        if error.errno in BY_NUMBER:
            return BY_NUMBER[error.errno]
        text = error.strerror or text
    return BY_TEXT.get(text) or verbatim(text or type(error).__name__)
