"""Conventions as rows of the schema, and the day by which each is to be published. Pure.

The essential data of a convention are to be public within three months of its signature, where it
was signed since 1 August 2017 (décret 2017-779). It stands alone because its neighbours read files
and tables.
"""

from calendar import monthrange
from datetime import date
from typing import Final

from services.open_data.config import OpenDataConfig
from services.open_data.conventions import Convention
from services.open_data.grant_file import AT_ONCE, IN_PARTS, NAMES, TEXT_MAX, Row, amount_text

THRESHOLD_CENTS: Final = 2_300_000
"""Above it a convention must be made, and published (loi 2000-321, article 10)."""

SINCE: Final = date(2017, 8, 1)
"""Conventions signed from this day on are published."""

MONTHS: Final = 3


def row_of(convention: Convention, config: OpenDataConfig) -> Row | None:
    """The row of a convention; None where the settings do not name its entity."""
    settings = config.cells_of(convention.entity, convention.convention)
    if settings is None:
        return None
    cells = {
        **settings,
        "idAttribuant": convention.entity,
        "dateConvention": convention.signed_on.isoformat(),
        "referenceDecision": convention.act_number or convention.convention,
        "nomBeneficiaire": convention.beneficiary.strip() or convention.siret,
        "idBeneficiaire": convention.siret,
        "rnaBeneficiaire": config.rna_of(convention.siret),
        "objet": shorten_text(convention.title or "") or shorten_text(convention.convention),
        "montant": amount_text(convention.amount_cents),
        "conditionsVersement": AT_ONCE if convention.is_at_once else IN_PARTS,
        "datesPeriodeVersement": _period(convention),
    }
    return {name: cells.get(name, "") for name in NAMES}


def shorten_text(text: str) -> str:
    """A text on one line, at most as long as the schema allows, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= TEXT_MAX:
        return line
    return f"{line[:TEXT_MAX].rpartition(' ')[0] or line[: TEXT_MAX - 1]}…"


def _period(convention: Convention) -> str:
    """The day of a single payment; else the first and the last day."""
    first, last = convention.begins_on.isoformat(), convention.ends_on.isoformat()
    return first if convention.is_at_once and first == last else f"{first}/{last}"


def publish_by(convention: Convention) -> date | None:
    """The last day to publish a convention; None where the law asks for none."""
    if convention.stands_alone or convention.signed_on < SINCE:
        return None
    year, month = divmod(convention.signed_on.month - 1 + MONTHS, 12)
    year, month = convention.signed_on.year + year, month + 1
    return date(year, month, min(convention.signed_on.day, monthrange(year, month)[1]))
