"""The fields of the schema SCDL *Subventions* 2.1.1, in their order (décret 2017-779)."""

from collections.abc import Mapping
from typing import Final, NamedTuple

Row = Mapping[str, str]
"""The cells of a row by the names of their fields; an empty one where nothing is said."""

TEXT_MAX: Final = 256
"""The characters of `objet` and `conditionsVersement`."""

RAE_MAX: Final = 5
"""The characters of `idRAE`."""

RNA: Final = r"W[0-9]{9}"
"""A number of the national register of associations; those overseas (`W9G…`) are not taken."""

IN_CASH: Final = "aide en numéraire"
IN_KIND: Final = "aide en nature"
AT_ONCE: Final = "unique"
IN_PARTS: Final = "échelonné"
YES: Final = "oui"
NO: Final = "non"


class Field(NamedTuple):
    """A field of the schema."""

    name: str
    title: str
    """Its title in the schema, which some files have as the name of their column."""
    required: bool = True


FIELDS: Final = (
    Field("nomAttribuant", "Nom de l'attribuant"),
    Field("idAttribuant", "Identification de l'attribuant"),
    Field("dateConvention", "Date de la convention de subvention"),
    Field("referenceDecision", "Référence de la décision", required=False),
    Field("nomBeneficiaire", "Nom du bénéficiaire"),
    Field("idBeneficiaire", "Identification SIRET du bénéficiaire", required=False),
    Field("rnaBeneficiaire", "Identification RNA du bénéficiaire", required=False),
    Field("objet", "Objet de la subvention"),
    Field("montant", "Montant total de la subvention"),
    Field("nature", "Nature de la subvention"),
    Field("conditionsVersement", "Conditions de versement de la subvention"),
    Field("datesPeriodeVersement", "Date ou période de versement"),
    Field(
        "idRAE",
        "Identifiant RAE de l’aide au titre de laquelle la subvention est attribuée",
        required=False,
    ),
    Field("notificationUE", "Aide d'Etat notifiée à la Commission Européenne"),
    Field(
        "pourcentageSubvention",
        "Pourcentage du montant total de la subvention attribuée au bénéficiaire",
    ),
    Field(
        "dispositifAide",
        "Identifiant référençant le dispositif d'aide à l'origine de la subvention",
        required=False,
    ),
)

NAMES: Final = tuple(each.name for each in FIELDS)


def amount_text(amount_cents: int) -> str:
    """An amount as the schema has it: `58400.00`."""
    euros, cents = divmod(amount_cents, 100)
    return f"{euros}.{cents:02d}"
