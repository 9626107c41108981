"""Codes of a budget line that no PES file can take: said before an order stands on the line.

An order keeps the codes of its convention, so a fault that is found at its slip costs an amendment.
"""

import re
from collections.abc import Iterator
from typing import Final

from events.texts import Translatable, _
from services.treasury.domain.plain_text import is_text

FUNCTION: Final = re.compile(r"[0-9]{1,10}")
OPERATION: Final = re.compile(r"[0-9a-zA-Z]{1,10}")

BAD_FUNCTION: Final = _(
    "No slip can pay from line {line}: the function “{code}” is not 1 to 10 digits. Vote, award and"
    " sign under another code."
)
NO_FUNCTION: Final = _(
    "No slip can pay from line {line}: the function is missing, and the budget is functional. Award"
    " and sign with one."
)
BAD_OPERATION: Final = _(
    "No slip can pay from line {line}: the operation “{code}” is not 1 to 10 letters or digits that"
    " mean something. Vote, award and sign under another code."
)


def takes_operation(code: str) -> bool:
    """True of an operation that a PES file can say (CptAna)."""
    return OPERATION.fullmatch(code) is not None and is_text(code)


def code_faults(
    line: str,
    function: str | None,
    operation: str | None,
    *,
    functional: bool | None,
    is_granted: bool,
) -> Iterator[Translatable]:
    """Why no order on a line can stand on a slip, in words.

    Args:
        line: its name for people.
        function: its code; None where it has none.
        operation: its code; None where it has none.
        functional: whether lines of the budget have functions; None where nobody says so.
        is_granted: whether a grant is paid from it; of others the function may be missing.
    """
    if function is None:
        if functional and is_granted:
            yield NO_FUNCTION.render({"line": line})
    elif functional is not False and FUNCTION.fullmatch(function) is None:
        yield BAD_FUNCTION.render({"line": line, "code": function})
    if operation is not None and not takes_operation(operation):
        yield BAD_OPERATION.render({"line": line, "code": operation})
