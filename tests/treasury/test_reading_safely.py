"""Files that would do harm, or are none of the accountant's: each is refused in a sentence."""

import gzip
import io
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

import pytest

from services.texts.translation import both
from services.treasury.pes import safe_xml
from services.treasury.pes.returned import ReturnReader
from services.treasury.pes.safe_xml import FileRefused, XmlFile
from tests.treasury.return_files import Line, Mandat, a_return, a_slip, zipped

GOOD = a_return(a_slip(Mandat(1, (Line("10.00"),))))
TEXT = GOOD.decode("iso-8859-1")
WITHOUT_DECLARATION = TEXT.partition("\n")[2]
ROOT_ONLY = WITHOUT_DECLARATION.replace('"059035"', '"&x;"')
ENTITY = '<!DOCTYPE x [<!ENTITY x "059035">]>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
BOMB = "<!DOCTYPE x [" + '<!ENTITY a "aaaaaaaaaa">' + '<!ENTITY x "&a;&a;&a;&a;&a;&a;">' + "]>"


def read(content: bytes) -> int:
    """Read all of a file as it is taken; the number of its pieces."""
    file = XmlFile(io.BytesIO(content))
    file.root()
    reader = ReturnReader(file)
    reader.head()
    return sum(each is not None for each in reader.pieces())


def why_not(content: bytes) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(FileRefused) as refused:
        read(content)
    return both(refused.value.text).en


def declared(encoding: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>'


@pytest.mark.parametrize("doctype", [ENTITY, EXTERNAL, BOMB, "<!DOCTYPE n:PES_Retour>"])
@pytest.mark.parametrize(
    "encode",
    [
        lambda text: (declared("ISO-8859-1") + text).encode("iso-8859-1"),
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: (declared("UTF-16") + text).encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-32"),
        lambda text: (declared("UTF-32") + text).encode("utf-32-be"),
        lambda text: (b" " * (safe_xml.CHUNK_BYTES - 4)) + text.encode(),
        lambda text: ("<!-- " + "a" * 3 * safe_xml.CHUNK_BYTES + " -->" + text).encode(),
    ],
)
def test_a_doctype_is_refused_in_any_encoding(doctype: str, encode: Callable[[str], bytes]) -> None:
    assert "DOCTYPE" in why_not(encode(doctype + ROOT_ONLY))


def test_a_doctype_is_found_before_anything_else_is_asked() -> None:
    assert "DOCTYPE" in why_not(b"\x1f\x8b" + ENTITY.encode())
    assert "DOCTYPE" in why_not(declared("UTF-7").encode() + ENTITY.encode() + b"<x>")


@pytest.mark.parametrize("content", [b"<a/>", b"<a  />", b"\xef\xbb\xbf<a/>"])
def test_the_root_of_the_shortest_files_is_named(content: bytes) -> None:
    assert "a" == XmlFile(io.BytesIO(content)).root()


def test_an_entity_that_nobody_declared_is_no_xml() -> None:
    assert "damaged" in why_not(ROOT_ONLY.encode())
    assert "damaged" in why_not(
        WITHOUT_DECLARATION.replace("<EnTetePES>", "<EnTetePES>&x;").encode()
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "it is empty"),
        (b" \n\t ", "it is empty"),
        (gzip.compress(GOOD), "it is compressed"),
        (gzip.compress(b"0" * 10_000_000), "it is compressed"),
        (zipped(GOOD), "it is compressed"),
        (b"BZh91AY", "it is compressed"),
        (b"a,b,c\n1,2,3\n", "does not begin as an XML file does"),
        (b"\x4c\x6f\xa7\x94\x93", "does not begin as an XML file does"),
        (b"<", "damaged"),
        (b"<?xml ", "damaged"),
        (b'<?xml version="1.0" encoding="UTF-8" encoding="UTF-7"?><a/>', "damaged"),
        (GOOD[: len(GOOD) // 2], "it is cut off"),
        (GOOD[:-3], "it is cut off"),
        (GOOD + b"<more/>", "damaged"),
        ((declared("UTF-7") + WITHOUT_DECLARATION).encode(), "its encoding is UTF-7"),
        ((declared("IBM037") + WITHOUT_DECLARATION).encode(), "its encoding is IBM037"),
        (WITHOUT_DECLARATION.replace("059035", "é").encode("iso-8859-1"), "another encoding"),
        ((declared("UTF-8") + TEXT[TEXT.index("<n:") :] + "\xe9").encode("cp1252"), "damaged"),
    ],
)
def test_what_is_no_file_of_the_accountant_is_refused(content: bytes, expected: str) -> None:
    assert expected in why_not(content)


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        WITHOUT_DECLARATION.encode(),
        WITHOUT_DECLARATION.encode("utf-8-sig"),
        (declared("UTF-16") + WITHOUT_DECLARATION).encode("utf-16"),
        (declared("windows-1252") + WITHOUT_DECLARATION).encode("cp1252"),
        (declared("ISO-8859-15") + WITHOUT_DECLARATION).encode("iso-8859-15"),
        TEXT.replace('"', "'", 4).encode(),
        ("\n\n<!-- from Hélios --><?a b?>" + WITHOUT_DECLARATION).encode(),
    ],
)
def test_a_file_is_read_in_the_encodings_of_its_kind(content: bytes) -> None:
    assert 1 == read(content)


def test_a_file_is_read_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    many = a_return(*(a_slip(Mandat(each, (Line("1"),) * 3)) for each in range(200)))
    monkeypatch.setattr(safe_xml, "FILE_BYTES_MAX", len(many))
    assert 200 == read(many)
    monkeypatch.setattr(safe_xml, "FILE_BYTES_MAX", len(many) - 1)
    assert "it is larger than" in why_not(many)


def test_a_part_is_read_up_to_a_size() -> None:
    """All of one is in memory: a file of one endless piece would fill it."""
    endless = Mandat(1, (Line("1.00"),) * 20_000)
    assert "a part of it is larger than 2 MiB" in why_not(a_return(a_slip(endless)))
    beside = "<PES_ClientRetour>" + "<Unknown/>" * 300_000 + "</PES_ClientRetour>"
    assert "a part of it" in why_not(a_return(a_slip(), beside=beside))
    assert "a part of it" in why_not(b"<!-- " + b"a" * 3_000_000 + b" -->" + GOOD)


def test_other_domains_are_passed_over() -> None:
    recette = a_slip(Mandat(7, (Line("1.00"),))).replace("InfoPiece", "BlocPiece")
    client = "<PES_ClientRetour>" + "<Client><RefTiers V='1'/></Client>" * 100_000
    beside = f"<PES_RecetteRetour>{recette}</PES_RecetteRetour>{client}</PES_ClientRetour>"
    assert 1 == read(a_return(a_slip(Mandat(1, (Line("10.00"),))), beside=beside))


def test_the_digest_is_that_of_all_bytes_whoever_stopped_reading() -> None:
    for content in (GOOD, GOOD + b"\n" * 200_000, b"no XML" * 30_000):
        file = XmlFile(io.BytesIO(content))
        with suppress(FileRefused):
            file.root()
        assert sha256(content).hexdigest() == file.sha256()
