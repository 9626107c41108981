"""Values of PES elements (DGFiP schema 5.17), each judged in words."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from events.texts import Translatable, _
from events.values import invalid_value
from services.treasury.domain.plain_text import is_text, list_unwritable, plain

COD_BUD: Final = r"[0-9A-Z][0-9]"


def _code(pattern: str, why: Translatable) -> Any:
    """A code of exactly this form; `why` says the form to people."""
    form = re.compile(pattern)

    def check(code: str) -> str:
        if form.fullmatch(code) is None:
            invalid_value(why)
        return code

    return AfterValidator(check)


def _text(length_max: int) -> Any:
    """A text of the schema: in ISO-8859-1, at most so long, neither blank nor only zeros."""

    def check(text: str) -> str:
        if lost := list_unwritable(text):
            invalid_value(
                _("PES files are in ISO-8859-1, which does not have {characters}").render(
                    {"characters": lost}
                )
            )
        form = plain(text)
        if len(form) > length_max:
            invalid_value(_("at most {max} characters").render({"max": length_max}))
        if not is_text(form):
            invalid_value(_("a text that is not empty, nor only zeros, “.” or “nc”"))
        return form

    return AfterValidator(check)


Text10 = Annotated[str, _text(10)]
Text29 = Annotated[str, _text(29)]
Text30 = Annotated[str, _text(30)]
Text32 = Annotated[str, _text(32)]
Text38 = Annotated[str, _text(38)]
Text100 = Annotated[str, _text(100)]

Version = Annotated[str, _code(r"[1-9][0-9]?", _("a number from 1 to 99"))]
IdPost = Annotated[
    str,
    _code(
        r"(?!0+$)(02[AB][0-9]{3,4}|[0-9]{6,7})",
        _("6 or 7 digits, or 02A or 02B and 3 or 4 digits, not only zeros"),
    ),
]
CodCol = Annotated[str, _code(r"(?!000)[0-9]{3}", _("3 digits, not 000"))]
CodBud = Annotated[str, _code(COD_BUD, _("a digit or a capital letter, and a digit"))]
CatTiers = Annotated[
    str, _code(r"01|2[0-9]|50|6[0-5]|7[0-4]", _("one of 01, 20 to 29, 50, 60 to 65, 70 to 74"))
]
BodyCategory = Annotated[
    str, _code(r"2[0-9]|50|6[0-5]|7[0-4]", _("one of 20 to 29, 50, 60 to 65, 70 to 74"))
]
"""CatTiers of a body, which is no natural person."""

NatJur = Annotated[str, _code(r"0[1-9]|1[01]", _("one of 01 to 11"))]
PostalCode = Annotated[str, _code(r"[0-9]{5}", _("5 digits; abroad 99999"))]
CountryCode = Annotated[
    str, _code(r"[1-9][0-9]{0,2}", _("a country's code of the INSEE, 1 to 999"))
]
TypePJ = Annotated[str, _code(r"00[1-9]|01[0-3]", _("one of 001 to 013"))]
IdUnique = Annotated[
    str, _code(r"(?!0+$)(?!nc$)[0-9a-zA-Z]{1,50}", _("1 to 50 letters or digits, not only zeros"))
]
_TYPES: Final = r"(0[1-9]|1[0-3])-(0[1-9]|1[0-4]|18)"
Payment = Annotated[str, _code("01-" + _TYPES, _("TypBord-TypPce-NatPce like 01-01-01"))]
Cancelling = Annotated[str, _code("02-" + _TYPES, _("TypBord-TypPce-NatPce like 02-02-06"))]
"""TypBord, TypPce and NatPce: a kind of piece as the DGFiP's annexes name it."""

Payer = Annotated[str, _code(r"[0-9]{2}", _("2 digits"))]
BudgetCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,10}$")]
Series = Literal["slip:01", "slip:02", "piece:01", "piece:02"]
FirstNumber = Annotated[int, Field(ge=1, le=9_999_999)]
