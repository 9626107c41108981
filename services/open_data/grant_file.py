"""The file of grants by the schema SCDL Subventions 2.1.1: its fields in order, written as CSV."""

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Final, TextIO

from services.runtime.ops import file_modes
from services.runtime.ops.errors import Stop
from services.texts.translation import error_text

Row = Mapping[str, str]
"""The cells of a row by the names of their fields; an empty one where nothing is said."""

TEXT_MAX: Final = 256
"""The characters of `objet` and `conditionsVersement`."""

RAE_MAX: Final = 5
"""The characters of `idRAE`."""

RNA: Final = r"W[0-9]{9}"
"""A number of the national register of associations; those overseas (`W9G…`) are not taken."""

IN_CASH: Final = "aide en numéraire"
AT_ONCE: Final = "unique"
IN_PARTS: Final = "échelonné"


NAMES: Final = (
    "nomAttribuant",
    "idAttribuant",
    "dateConvention",
    "referenceDecision",
    "nomBeneficiaire",
    "idBeneficiaire",
    "rnaBeneficiaire",
    "objet",
    "montant",
    "nature",
    "conditionsVersement",
    "datesPeriodeVersement",
    "idRAE",
    "notificationUE",
    "pourcentageSubvention",
    "dispositifAide",
)


def amount_text(amount_cents: int) -> str:
    """An amount as the schema has it: `58400.00`."""
    euros, cents = divmod(amount_cents, 100)
    return f"{euros}.{cents:02d}"


PUBLIC: Final = 0o644
"""The mode of a file that is to be published: everybody may read it."""


def row_writer(stream: TextIO) -> Callable[[Row], object]:
    """Write the header; what is returned writes a row."""
    writer = csv.DictWriter(stream, NAMES, lineterminator="\r\n")
    writer.writeheader()
    return writer.writerow


@contextmanager
def replacing(path: Path) -> Iterator[Callable[[Row], object]]:
    """Rows into a file that takes its place when all are there; else what stood there stays.

    Raises:
        Stop: it cannot be written.
    """
    try:
        with file_modes.replacing(path, PUBLIC) as part:
            stream = TextIOWrapper(part, encoding="utf-8", newline="")
            yield row_writer(stream)
            stream.flush()
            stream.detach()
    except OSError as error:
        raise Stop(path, error_text(error)) from error
