"""Reading of returns and of the gateway's answers, value by value (DGFiP schema 5.17)."""

import io
from datetime import date

import pytest

from services.texts.translation import both
from services.treasury.domain.returned_pieces import (
    Disbursement,
    Reason,
    ReturnedLine,
    ReturnedPiece,
    ReturnHead,
    SlipReference,
    UnreadPiece,
)
from services.treasury.pes.returned import AcquitReader, GatewayAnswer, GatewayError, ReturnReader
from services.treasury.pes.safe_xml import FileRefused, XmlFile
from tests.treasury.return_files import (
    RETURN,
    Line,
    Mandat,
    Paid,
    a_return,
    a_slip,
    an_answer,
    an_element,
    an_error,
)


def pieces_of(content: bytes) -> list[ReturnedPiece | UnreadPiece]:
    reader = ReturnReader(XmlFile(io.BytesIO(content)))
    reader.head()
    return [each for each in reader.pieces() if each is not None]


def test_a_return_is_read_with_all_that_matters() -> None:
    more = {
        "CodServ": "EMPLOI",
        "EtatPce": "04",
        "ObsEtat": "09-02",
        "Commentaire": "RIB périmé",
        "DtePceRej": "2023-05-25Z",
        "DtePceInst": "2023-05-24+02:00",
    }
    first = Line("677800.00", (Paid("2500.00"), Paid("-1", payer="07")), "2", "2499.00", "02")
    piece = Mandat("0000034", (first, Line("+00378500.5", count=None, total=None)), more)
    (read,) = pieces_of(a_return(a_slip(piece, number="0012")))
    expected = ReturnedPiece(
        SlipReference(2023, "01", 12),
        34,
        "01",
        "04",
        (
            ReturnedLine(
                1,
                "02",
                67_780_000,
                (
                    Disbursement("01", date(2023, 6, 2), 250_000),
                    Disbursement("07", date(2023, 6, 2), -100),
                ),
                2,
                249_900,
            ),
            ReturnedLine(2, "01", 37_850_050),
        ),
        Reason("09-02", "RIB périmé"),
        date(2023, 5, 24),
        date(2023, 5, 22),
        date(2023, 5, 25),
    )
    assert expected == read


def test_the_head_says_whose_the_return_is() -> None:
    expected = ReturnHead("059035", "123", "00", date(2023, 6, 5), "21590350100017")
    assert expected == ReturnReader(XmlFile(io.BytesIO(a_return()))).head()
    simulated = a_return().replace(b"CodColl", b"CodCol")
    assert expected == ReturnReader(XmlFile(io.BytesIO(simulated))).head()


@pytest.mark.parametrize("element", ["DteStr", "IdPost", "CodColl", "CodBud"])
def test_a_return_without_its_head_is_refused(element: str) -> None:
    content = a_return(a_slip(), head={element: None})
    with pytest.raises(FileRefused) as refused:
        ReturnReader(XmlFile(io.BytesIO(content))).head()
    named = "CodCol" if element == "CodColl" else element
    assert f"no {named}, or one that cannot" in both(refused.value.text).en
    whole = a_return(a_slip()).replace(b"EnTetePES", b"EnTete")
    with pytest.raises(FileRefused, match="head"):
        ReturnReader(XmlFile(io.BytesIO(whole))).head()


@pytest.mark.parametrize(
    ("spelled", "cents"),
    [
        ("1500", 150_000),
        (".5", 50),
        ("5.", 500),
        ("+1.00", 100),
        ("01.00", 100),
        ("1.500", 150),
        ("  1.50\t", 150),
        ("-3.07", -307),
        ("-.01", -1),
        ("0", 0),
        ("0.00000", 0),
        ("999999999999.99", 99_999_999_999_999),
        ("000000000000000000001.00", 100),
    ],
)
def test_an_amount_is_read_in_every_spelling(spelled: str, cents: int) -> None:
    (read,) = pieces_of(a_return(a_slip(Mandat(1, (Line(spelled),)))))
    assert isinstance(read, ReturnedPiece)
    assert cents == read.lines[0].amount_cents


@pytest.mark.parametrize(
    "spelled",
    [
        "",
        "1 000",
        *[".", "+", "-.", "1,5", "1.005", "1e2", "0x1", "١", "1000000000000.00", "NaN", "--1"],
    ],
)
def test_what_is_no_amount_is_not_guessed(spelled: str) -> None:
    (read,) = pieces_of(a_return(a_slip(Mandat(1, (Line(spelled),)))))
    assert UnreadPiece(SlipReference(2023, "01", 1), "1", "MtHT") == read


@pytest.mark.parametrize(
    "spelled",
    [
        "2023-02-30",
        "02/06/2023",
        "2023-6-2",
        "20230602",
        "2023-06-02T00:00",
        "1911-01-01",
        "9999-12-31",
    ],
)
def test_what_is_no_day_is_not_guessed(spelled: str) -> None:
    (read,) = pieces_of(a_return(a_slip(Mandat(1, (Line("1"),), {"DtePcePec": spelled}))))
    assert UnreadPiece(SlipReference(2023, "01", 1), "1", "DtePcePec") == read


@pytest.mark.parametrize(
    ("piece", "element"),
    [
        (Mandat(1, (Line("1"),), {"EtatPce": None}), "EtatPce"),
        (Mandat(1, (Line("1"),), {"TypPce": ""}), "TypPce"),
        (Mandat("1a", (Line("1"),)), "IdPce"),
        (Mandat(1, (Line("1", count="x"),)), "NbrPay"),
        (Mandat(1, (Line("1", total="x"),)), "MtPayTot"),
        (Mandat(1, (Line("1", more={"IdLigne": ""}),)), "IdLigne"),
        (Mandat(1, (Line("1", (Paid(""),)),)), "MtPay"),
        (Mandat(1, (Line("1", (Paid("1", on="x"),)),)), "DtePay"),
        (Mandat(1, (Line("1", (Paid("1", payer=""),)),)), "OrgEma"),
        (Mandat(1, (Line("1"),), {"ObsEtat": "0" * 101}), "ObsEtat"),
        (Mandat(1, (Line("1"),), {"ObsEtat": "09\u202e"}), "ObsEtat"),
    ],
)
def test_a_piece_that_cannot_be_read_leaves_the_others_alone(piece: Mandat, element: str) -> None:
    found, good = pieces_of(a_return(a_slip(piece, Mandat(2, (Line("1"),)))))
    assert isinstance(found, UnreadPiece)
    assert element == found.element
    assert isinstance(good, ReturnedPiece)


def test_words_for_people_steer_no_terminal_and_turn_no_line() -> None:
    piece = Mandat(1, (Line("1"),), {"Commentaire": "a\u202eb\x9bc"})
    (read,) = pieces_of(a_return(a_slip(piece)))
    assert isinstance(read, ReturnedPiece)
    assert "a b c" == read.reason.comment
    error = an_error(None, "déjà\u2066 connue")
    refused = an_element(0, error, NumBord=12, ExerciceBord=2023)
    (_name, (answer,)) = answers_of(an_answer(refused, file_name="x.xml"))
    assert [GatewayError(None, "déjà  connue")] == [*answer.errors]


def test_a_slip_that_cannot_be_read_leaves_the_others_alone() -> None:
    bad = a_slip(Mandat(1, (Line("1"),)), year="MMXXIII")
    found, good = pieces_of(a_return(bad, a_slip(Mandat(2, (Line("1"),)))))
    assert UnreadPiece(None, "1", "BlocBordereau") == found
    assert isinstance(good, ReturnedPiece)


def test_numbers_may_be_empty() -> None:
    (read,) = pieces_of(a_return(a_slip(Mandat("", (Line("1"),)), number="")))
    assert isinstance(read, ReturnedPiece)
    assert (None, None) == (read.number, read.slip.number)


def answers_of(content: bytes) -> tuple[str, list[GatewayAnswer]]:
    reader = AcquitReader(XmlFile(io.BytesIO(content)))
    name, _head = reader.head()
    return name, list(reader.answers())


def test_an_answer_of_the_gateway_is_read_with_its_errors() -> None:
    line = an_error("ERREUR_DOUBLON_LIGNE")
    detail = (
        '<DetailPiece><NumPiece V="34"/>'
        + an_error(None, "pièce déjà connue")
        + f'<DetailLigne><NumLigne V="2"/>{line}</DetailLigne></DetailPiece>'
    )
    inside = an_error("ERREUR_DOUBLON_BORDEREAU", "bordereau 12 déjà reçu") + detail
    refused = an_element(0, inside, NumBord=12, ExerciceBord=2023)
    content = an_answer(an_element(1, DomaineAck=0), refused, file_name="BORD_12.xml")
    errors = (
        GatewayError("ERREUR_DOUBLON_BORDEREAU", "bordereau 12 déjà reçu"),
        GatewayError(None, "pièce déjà connue", "34"),
        GatewayError("ERREUR_DOUBLON_LIGNE", "doublon ligne", "34", "2"),
    )
    expected = [GatewayAnswer(True, None, ()), GatewayAnswer(False, 12, errors)]
    assert ("BORD_12.xml", expected) == answers_of(content)


def test_the_older_form_names_piece_and_line_beside_the_slip() -> None:
    flat = an_element(
        "false",
        ExerciceBord=2023,
        NumBord=12,
        NumPiece=34,
        NumLigne=1,
        NumAnoAck="ERREUR_CODIQUE",
        LibelleAnoAck="poste inconnu",
    )
    _name, (answer,) = answers_of(an_answer(flat, file_name="x", namespace=RETURN))
    error = GatewayError("ERREUR_CODIQUE", "poste inconnu", "34", "1")
    assert GatewayAnswer(False, 12, (error,)) == answer


def test_a_document_that_is_refused_does_not_refuse_the_slip() -> None:
    element = an_element(0, an_error("ERREUR_PJ"), DomaineAck=4, IdUnique="PJ1")
    _name, (answer,) = answers_of(an_answer(element, file_name="x"))
    assert GatewayAnswer(True, None, (GatewayError("ERREUR_PJ", "pj"),)) == answer


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (an_answer(an_element(), file_name=""), "NomFic"),
        (an_answer(file_name="x"), "ElementACQUIT is missing"),
        (an_answer(an_element("2"), file_name="x"), "EtatAck is missing"),
        (an_answer(an_element(""), file_name="x"), "EtatAck is missing"),
        (an_answer(an_element(1, NumBord="x"), file_name="x"), "NumBord is missing"),
        (an_answer(file_name="x", head={"DteStr": None}), "no DteStr"),
        (an_answer(an_element(), file_name="x").replace(b"EnTetePES", b"EnTete"), "EnTetePES"),
    ],
)
def test_what_answers_nothing_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(FileRefused) as refused:
        answers_of(content)
    assert why in both(refused.value.text).en
