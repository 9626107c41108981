"""Bytes on a page: each in its place, the middle of IBANs never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.journal import dump as module
from services.api.journal.dump import GLANCE, SHOWN_MAX, dump
from tests.builders import IBAN

INTERNAL_EVENT = b'{"iban":"' + IBAN.encode() + b'"}'


def test_a_row_has_its_place_its_codes_and_its_signs() -> None:
    assert dump(b"Ecluse\n\xc3\xa9").hexadecimal == (
        "000000  45 63 6c 75 73 65 0a c3 a9                       Ecluse..."
    )


def test_an_iban_is_hidden_in_text_and_in_hexadecimal() -> None:
    shown = dump(INTERNAL_EVENT)
    assert '{"iban":"FR76•••••••••••••••••••0110"}' == shown.text
    assert "46 52 37 36 •• •• ••" in shown.hexadecimal
    assert "FR76•••" in shown.hexadecimal
    assert IBAN[4:-4].encode().hex(" ") not in shown.hexadecimal.replace("\n", " ")


def test_what_is_no_text_is_shown_as_unknown() -> None:
    assert "a��\tb\n" == dump(b"a\xff\x00\tb\n").text


def test_what_is_shown_ends_where_a_page_would_be_too_long() -> None:
    shown = dump(b"a" * (SHOWN_MAX + 1))
    assert shown.cut
    assert (SHOWN_MAX, SHOWN_MAX) == (shown.shown, len(shown.text))
    assert not dump(b"a" * SHOWN_MAX).cut


CUT = 2 * GLANCE
"""Where every place around it is tried: a page of 16 KiB for each would show nothing more."""


@pytest.mark.parametrize("before", range(CUT - len(IBAN), CUT + 1))
def test_an_iban_across_the_cut_is_hidden_too(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHOWN_MAX", CUT)
    shown = dump(b" " * before + IBAN.encode() + b" and more")
    assert shown.cut
    assert CUT == shown.shown
    in_whole = f"{IBAN[:4]}{'•' * (len(IBAN) - 8)}{IBAN[-4:]}"
    assert in_whole[: CUT - before] == shown.text.strip(" ")


@given(st.binary(max_size=200))
def test_any_bytes_can_be_shown(raw: bytes) -> None:
    shown = dump(raw)
    assert (len(raw), len(raw), False) == (shown.shown, shown.length, shown.cut)
    assert (len(raw) + 15) // 16 == len(shown.hexadecimal.splitlines())
