"""Settings of what is published and no event says: the file ECLUSE_OPEN_DATA_FILE (YAML).

Each setting has the name of its field in the schema, and stands under the entity that grants, or
under one of its conventions, which then has it otherwise.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from events.texts import Translatable, _
from events.unreadable import fault_detail
from events.values import PRINTED, Siret
from services.open_data.grant_file import IN_CASH, RAE_MAX, RNA
from services.runtime import strict_yaml
from services.runtime.ops.errors import Stop
from services.runtime.ops.settings import Environment
from services.texts.translation import error_text

LINE: Final = _("line {line}, {setting}: {text}")
DETAILS: Final[Mapping[str, Translatable]] = {
    "string_type": _("a code or a name is text: put it in quotes"),
    "extra_forbidden": _("there is no such setting"),
    "model_type": _("settings with their names are expected"),
    "mapping_type": _("settings with their names are expected"),
}
"""Faults of a value, by pydantic's type, where the contract's words say something else."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=PRINTED)]
Nature = Literal[
    "aide en numéraire",
    "aide en nature",
    "aide en numéraire;aide en nature",
    "aide en nature;aide en numéraire",
]
Share = Annotated[str, StringConstraints(pattern=r"^(1\.00|0\.(0[1-9]|[1-9][0-9]))$")]


class OpenDataSettings(Environment):
    """The place of this module's settings."""

    open_data_file: Path | None = None
    """The file of entities and beneficiaries (YAML)."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ConventionConfig(_Strict):
    """The settings of one convention."""

    nature: Nature | None = None
    notification_ue: Annotated[Literal["oui", "non"] | None, Field(alias="notificationUE")] = None
    id_rae: Annotated[
        str | None, StringConstraints(min_length=1, max_length=RAE_MAX), Field(alias="idRAE")
    ] = None
    pourcentage_subvention: Annotated[Share | None, Field(alias="pourcentageSubvention")] = None
    dispositif_aide: Annotated[Name | None, Field(alias="dispositifAide")] = None


class EntityConfig(ConventionConfig):
    """The settings of an entity; what stands here is that of all its conventions."""

    nom_attribuant: Annotated[Name, Field(alias="nomAttribuant")]
    notification_ue: Annotated[Literal["oui", "non"], Field(alias="notificationUE")]
    nature: Nature = IN_CASH
    pourcentage_subvention: Annotated[Share, Field(alias="pourcentageSubvention")] = "1.00"
    conventions: Mapping[Name, ConventionConfig] = {}
    """By number, as it was signed."""


class BeneficiaryConfig(_Strict):
    """The settings of a beneficiary."""

    rna_beneficiaire: Annotated[
        str, StringConstraints(pattern=f"^{RNA}$"), Field(alias="rnaBeneficiaire")
    ]


class OpenDataConfig(_Strict):
    """The whole file; without one nothing is known, and nothing can be published."""

    entities: Mapping[Siret, EntityConfig] = {}
    beneficiaries: Mapping[Siret, BeneficiaryConfig] = {}

    def cells_of(self, entity: str, convention: str) -> dict[str, str] | None:
        """The fields of a convention that are settings; None where its entity has none."""
        own = self.entities.get(entity)
        if own is None:
            return None
        settings: dict[str, Any] = own.model_dump(by_alias=True, exclude={"conventions"})
        if (apart := own.conventions.get(convention)) is not None:
            settings |= apart.model_dump(by_alias=True, exclude_none=True)
        return {name: value for name, value in settings.items() if value is not None}

    def rna_of(self, siret: str) -> str:
        """The number of a beneficiary in the register of associations; empty where it has none."""
        found = self.beneficiaries.get(siret)
        return "" if found is None else found.rna_beneficiaire


def read_config(path: Path | None) -> OpenDataConfig:
    """The settings in a file; none where there is no file.

    Raises:
        Stop: it cannot be read, or is not as it must be; the message says where.
    """
    if path is None:
        return OpenDataConfig()
    try:
        document = strict_yaml.read(path.read_text(encoding="utf-8"))
    except strict_yaml.YamlFault as error:
        place = {"line": error.line or 1, "setting": "YAML", "text": error.text}
        raise Stop(path, LINE.render(place)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(path, error_text(error)) from error
    try:
        return OpenDataConfig.model_validate(document.value)
    except ValidationError as error:
        raise Stop(path, _fault(error, document)) from error


def _fault(error: ValidationError, document: strict_yaml.Document) -> Translatable:
    first = error.errors(include_url=False, include_input=False)[0]
    steps = [str(each) for each in first["loc"] if each != "[key]"]
    kind, facts = first["type"], first.get("ctx", {})
    text = facts["why"] if "why" in facts else DETAILS.get(kind) or fault_detail(kind, facts)
    place = {"line": document.line_of(steps), "setting": ".".join(steps) or "/"}
    return LINE.render({**place, "text": text})
