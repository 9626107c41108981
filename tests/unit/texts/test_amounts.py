"""Amounts as people type them: to the cent, by the habits of a language; else refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.values import AMOUNT_MAX_CENTS
from services.texts.formats import NotAnAmount, euros, read_euros
from services.texts.language import Language
from services.texts.translation import translate

FR, EN = Language.FR, Language.EN
BOTH = tuple(Language)


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("1234,56", 123_456),
        ("1234.56", 123_456),
        ("1 234,56", 123_456),
        ("1 234.56", 123_456),
        ("1\u202f234,56\u00a0€", 123_456),
        ("€1,234.56", 123_456),
        ("1.234,56", 123_456),
        ("1.234.567,89", 123_456_789),
        ("1,234,567", 123_456_700),
        ("1 234 567", 123_456_700),
        ("22636", 2_263_600),
        ("7,5", 750),
        ("0,07", 7),
        ("000,07", 7),
        ("-12.30", -1_230),
        ("−12,30", -1_230),
        ("- 12", -1_200),
    ],
)
def test_an_amount_is_read_to_the_cent(typed: str, cents: int, language: Language) -> None:
    assert cents == read_euros(typed, language)


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    "typed",
    [
        *("", "€", "-", "abc", "12 euros", "1e3", "0x10", "٣", "NaN", "1_000", "+5"),
        *("12.345,678", "1,234.567", "0,123", "1234,567"),
        *("12 34", "1 23,4", "1.23.456", "1,234 567", "1 234 56", "1234.567.890", "0 123"),
        *("1234,", ",5", "1,,2", "1.-2", "--1", "1,2,3"),
        "1" * 41,
    ],
)
def test_what_is_no_amount_is_refused(typed: str, language: Language) -> None:
    with pytest.raises(NotAnAmount):
        read_euros(typed, language)


@pytest.mark.parametrize(
    ("typed", "language"), [("1,234", FR), ("1.234", FR), ("1.234", EN), ("999.999", EN)]
)
def test_what_could_be_two_amounts_is_refused_with_both(typed: str, language: Language) -> None:
    with pytest.raises(NotAnAmount) as found:
        read_euros(typed, language)
    text = translate(found.value.why, language)
    assert typed.replace(",", "").replace(".", "") in text
    assert typed[:-1] in text


def test_a_comma_parts_thousands_where_english_readers_write_it() -> None:
    assert 123_400 == read_euros("1,234", EN)


@given(st.integers(-AMOUNT_MAX_CENTS, AMOUNT_MAX_CENTS), st.sampled_from(BOTH))
def test_an_amount_is_read_as_it_is_shown(cents: int, language: Language) -> None:
    assert cents == read_euros(euros(cents, language), language)


@given(
    st.integers(0, AMOUNT_MAX_CENTS),
    st.sampled_from(BOTH),
    st.sampled_from([",", "."]),
    st.sampled_from(["", " ", "\u00a0", "\u202f", ",", "."]),
)
def test_however_thousands_are_parted_no_cent_is_lost(
    cents: int, language: Language, decimal: str, thousands: str
) -> None:
    whole, rest = divmod(cents, 100)
    grouped = f"{whole:,}".replace(",", thousands)
    if thousands != decimal:
        assert cents == read_euros(f"{grouped}{decimal}{rest:02}", language)


@given(st.text(alphabet="0123456789 .,-€", max_size=12), st.sampled_from(BOTH))
def test_whatever_is_typed_it_is_cents_of_its_own_digits_or_refused(
    typed: str, language: Language
) -> None:
    try:
        cents = read_euros(typed, language)
    except NotAnAmount:
        return
    digits = "".join(each for each in typed if each.isdigit())
    assert abs(cents) in {int(digits), int(digits) * 10, int(digits) * 100}
