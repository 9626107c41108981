"""The French catalogue: complete, exact, and compiled as it stands."""

import re
from collections.abc import Iterator
from string import Formatter

import pytest
from babel.messages.catalog import Message

from events.texts import Day, Euros, Number, Translatable, ngettext, pgettext, verbatim
from services.texts import catalogue
from services.texts.language import Language
from services.texts.translation import Sentence, both, translate

FRENCH = catalogue.read()
MESSAGES = [each for each in FRENCH if each.id]


def forms(message: Message) -> Iterator[tuple[str, str]]:
    """Each form of a message: the French, and the English that it translates."""
    french, english = message.string, message.id
    if isinstance(french, str) and isinstance(english, str):
        yield french, english
    else:
        yield from zip(french or (), english, strict=True)


def named(message: Message) -> str:
    return f"{message.context or ''} {message.id}"


def holes(text: str) -> list[tuple[str, str | None]]:
    found = ((name, spec) for _, name, spec, _ in Formatter().parse(text) if name is not None)
    return sorted(found, key=str)


def test_the_catalogue_is_what_make_texts_writes() -> None:
    written = catalogue.as_text(catalogue.update(catalogue.read(), catalogue.find_messages()))
    assert catalogue.FRENCH.read_bytes() == written, "run `make texts`"


def test_the_compiled_catalogue_is_that_of_the_file() -> None:
    assert catalogue.COMPILED.read_bytes() == catalogue.compile_catalogue(FRENCH), (
        "run `make texts`"
    )


def test_every_message_has_its_french() -> None:
    assert [] == [named(each) for each in MESSAGES if not all(fr for fr, _ in forms(each))]


def test_what_the_treasury_says_on_every_surface_names_no_option_of_a_command() -> None:
    """Console and API show it too."""
    surfaces = ("services/treasury/", "services/api/treasury/")
    assert [] == [
        named(each)
        for each in catalogue.update(catalogue.read(), catalogue.find_messages())
        if re.search(r"--[a-z]", named(each))
        and any(str(place).startswith(surfaces) for place, _ in each.locations)
    ]


def test_no_message_is_fuzzy() -> None:
    assert [] == [named(each) for each in MESSAGES if each.fuzzy]


def test_no_message_has_left_the_code() -> None:
    assert [] == list(FRENCH.obsolete)


def test_french_and_english_have_the_same_placeholders() -> None:
    assert [] == [
        named(each)
        for each in MESSAGES
        if any(holes(french) != holes(english) for french, english in forms(each))
    ]


def test_no_french_line_breaks_before_its_punctuation_or_inside_its_quotes() -> None:
    """French typography: the spaces there are no-break ones (U+00A0, U+202F)."""
    plain = re.compile(r"[ \n](?:[:;!?»]|%(?!\w))|«[ \n]")
    assert [] == [
        named(each) for each in MESSAGES if any(plain.search(fr) for fr, _ in forms(each))
    ]


def test_french_has_one_apostrophe() -> None:
    assert [] == [named(each) for each in MESSAGES if any("’" in fr for fr, _ in forms(each))]


def test_a_context_stands_only_where_one_english_has_two_french() -> None:
    alike = {each.id: each.string for each in MESSAGES if not each.context}
    assert [] == [
        each.id for each in MESSAGES if each.context and each.string == alike.get(each.id)
    ]


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [
        (0, "0 événement lu", "0 events read"),
        (1, "1 événement lu", "1 event read"),
        (2000, "2\u202f000 événements lus", "2,000 events read"),
    ],
)
def test_none_is_one_in_french_and_many_in_english(count: int, french: str, english: str) -> None:
    events = ngettext("{count} event read", "{count} events read")
    assert Sentence(french, english) == both(events.render(count))


def test_a_fact_is_written_in_the_language_of_its_text() -> None:
    facts = {
        "text": verbatim("{text}"),
        "sum": Euros(-123_456),
        "day": Day("2023-07-14"),
        "number": Number(1200),
        "list": (Number(1), pgettext("records", "accepted"), "x"),
        "said": Sentence("oui", "yes"),
    }
    text = Translatable("{text} {sum} {day} {number} {list} {said} {number}").render(facts)
    assert Sentence(
        fr="{text} −1\u202f234,56\u00a0€ 14/07/2023 1\u202f200 1, acceptés, x oui 1\u202f200",
        en="{text} −€1,234.56 2023-07-14 1,200 1, accepted, x yes 1,200",
    ) == both(text)


def test_what_is_in_both_languages_already_is_taken_as_it_is() -> None:
    sentence = Sentence("oui", "yes")
    assert ("oui", "yes") == (
        translate(sentence, Language.FR),
        translate(sentence, Language.EN),
    )
