"""Texts as ISO-8859-1 can write them: in their plain form, cut at words, never empty."""

import pytest

from services.treasury.domain.plain_text import cut, is_text, list_unwritable, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Maison de l’emploi – Œuvre", "Maison de l'emploi - OEuvre"),
        ("Cœur d’Été", "Coeur d'Été"),
        ("12 000 € “nets”…", '12 000 EUR "nets"...'),
        ("L’Haÿ-les-Roses, Ÿ, Šárka Łódź", "L'Haÿ-les-Roses, Y, Sárka Lódz"),
        ("e\u0301cole", "école"),
        ("n° ½ № ™ ﬁ", "n° ½ No TM fi"),
        ("x\u0302", "x"),
        ("deux\nlignes\tet\u00a0\u202f blancs ", "deux lignes et blancs"),
        ("in\u200bvi\u00adsible\x07", "invisible"),
        ("Ελ 日 ‰", "?? ? ?"),
        ("", ""),
    ],
)
def test_a_text_takes_its_plain_form(text: str, expected: str) -> None:
    assert expected == plain(text)
    assert expected == plain(plain(text))


def test_the_characters_without_plain_form_are_named_once_each() -> None:
    assert "日本" == list_unwritable("日本 œ 日")
    assert "" == list_unwritable("Œuvre d’été\u0301")
    assert "" == list_unwritable("été")
    assert "" == list_unwritable("")


@pytest.mark.parametrize("text", ["", "0", "000", ".", " ", "nc"])
def test_what_the_schema_refuses_is_no_text(text: str) -> None:
    assert not is_text(text)


@pytest.mark.parametrize("text", ["n", "NC", "ncc", "..", "01", "0 0", "é"])
def test_what_the_schema_takes_is_a_text(text: str) -> None:
    assert is_text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lille", ("Lille", "")),
        ("un deux trois", ("un deux", "trois")),
        ("dixlettres suite", ("dixlettres", "suite")),
        ("onzelettres suite", ("onzelettre", "s suite")),
        ("0 onzelettres", ("0 onzelett", "res")),
        ("nc onzelettres", ("nc onzelet", "tres")),
        ("un onzelettres", ("un", "onzelettres")),
        ("a" * 25, ("a" * 10, "a" * 15)),
    ],
)
def test_a_text_of_more_than_ten_characters_is_cut_between_words(
    text: str, expected: tuple[str, str]
) -> None:
    assert expected == cut(text, 10)
