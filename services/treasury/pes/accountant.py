"""Settings of PES files by entity and budget, and a directory of third parties by SIRET.

Each field with a PES name is the value of that element (DGFiP schema 5.17), and stands in the file
under this name; codes are text, with their zeros. *Unverified* says that no public text gives the
default: ask the public accountant.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_pascal

from events.strict_json import pointer_of, token_of
from events.texts import Translatable, _
from events.unreadable import fault_detail
from events.values import Siret, invalid_value
from services.runtime import strict_yaml
from services.runtime.ops.errors import Stop
from services.texts.translation import error_text
from services.treasury.domain.postings import Role
from services.treasury.domain.slips import BudgetName
from services.treasury.pes.setting_values import (
    COD_BUD,
    BodyCategory,
    BudgetCode,
    Cancelling,
    CatTiers,
    CodBud,
    CodCol,
    CountryCode,
    FirstNumber,
    IdPost,
    IdUnique,
    NatJur,
    Payer,
    Payment,
    PostalCode,
    Series,
    Text10,
    Text29,
    Text30,
    Text32,
    Text38,
    Text100,
    TypePJ,
    Version,
)

AccountCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}$")]
"""The code of an account, or its beginning."""


class YearAccounts(BaseModel):
    """The accounts of the books of a fiscal year, and of those that follow."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    from_year: Annotated[int, Field(ge=1900, le=2199)] = 1900
    """The first fiscal year for which they are valid."""

    creditor: AccountCode = "4671"
    """The creditor of every article that `creditors` does not name: 65748 (associations), 65741
    (households), 65742 (companies). Unverified."""

    creditors: Mapping[AccountCode, AccountCode] = {"6573": "44381"}
    """The creditor by the beginning of the article; the longest one counts. 6573 are grants to
    public bodies: the last 1 is sourced, 4438 (others than State and communities) unverified."""

    treasury: AccountCode = "515"
    """The account at the Treasury. Under M57 unverified."""

    debtor: AccountCode = "46721"
    """The beneficiary who owes money back, by amicable order. Unverified."""

    revenue: AccountCode = "773"
    """Orders of earlier years cancelled: money asked back once the budget's year is over."""

    def code(self, role: Role, article: str) -> str:
        """The account of a role: the expense is the article itself."""
        match role:
            case Role.EXPENSE:
                return article
            case Role.CREDITOR:
                beginnings = [each for each in self.creditors if article.startswith(each)]
                return self.creditors[max(beginnings, key=len)] if beginnings else self.creditor
            case Role.TREASURY:
                return self.treasury
            case Role.DEBTOR:
                return self.debtor
            case Role.REVENUE:
                return self.revenue


class Accounts(RootModel[tuple[YearAccounts, ...]]):
    """The section `accounts` of the file: of years before the first, the first are valid too."""

    model_config = ConfigDict(frozen=True)

    root: Annotated[tuple[YearAccounts, ...], Field(strict=False, min_length=1)] = (YearAccounts(),)

    @field_validator("root")
    @classmethod
    def _check_order(cls, years: tuple[YearAccounts, ...]) -> tuple[YearAccounts, ...]:
        if any(earlier.from_year >= later.from_year for earlier, later in pairwise(years)):
            invalid_value(_("the years must follow one another"))
        return years

    def code(self, role: Role, article: str, year: int) -> str:
        """The account of a role in the books of a fiscal year."""
        valid = [each for each in self.root if each.from_year <= year]
        return (valid[-1] if valid else self.root[0]).code(role, article)


PERSON: Final = "01"
"""CatTiers of a natural person, who has a first name and a form of address."""

NO_SLIP: Final = _("{name} is missing: without it no slip is prepared; ask the public accountant")
SAME_CODE: Final = _("CodBud {code} is that of budget {other} too: a return could mean either")
SAME_CODES: Final = _(
    "IdPost {post}, CodCol {collectivity} and CodBud {code} are those of {other} too: a return"
    " could mean either"
)
LINE: Final = _("line {line}, {pointer}: {text}")

DETAILS: Final = {
    "string_type": _("a code or a name is text: put it in quotes"),
    "extra_forbidden": _("there is no such setting"),
    "string_pattern_mismatch": _(
        "the SIRET of an entity has 14 digits, the code of a budget 1 to 10 letters or digits"
    ),
    "dict_type": _("settings with their names are expected"),
    "model_type": _("settings with their names are expected"),
    "mapping_type": _("settings with their names are expected"),
}
"""The fault of a value of the file, by pydantic's type, where the contract says it otherwise."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _OfPes(_Strict):
    """Settings under the names of their elements: `IdPost` is `id_post` here."""

    model_config = ConfigDict(alias_generator=to_pascal)  # type: ignore[pydantic-alias] # made of files alone


class Numbers(_Strict):
    """Numbers of slips (IdBord) and pieces (IdPce): the budget's own, not Écluse's."""

    given_by_erp: bool = False
    """The ERP issues other payment orders of this budget too, and gives the numbers."""

    first: Mapping[Series, FirstNumber] = {}
    """The first number of each series in each year, where a series of its own is agreed."""

    reuse_refused: bool = True
    """The slip that corrects one which the gateway refused has its number. Unverified."""

    def first_of(self, series: str) -> int:
        """The first number of a series of the table `series`: 1 where nothing else is agreed."""
        return self.first.get(series, 1)  # type: ignore[call-overload,no-any-return] # any other is 1


class DocumentReference(_OfPes):
    """A supporting document (PJRef) of the orders of a convention (CGCT, annex I, rubric 72)."""

    convention: Annotated[str, Field(alias="convention", min_length=1)]
    instalment: Annotated[str | None, Field(alias="instalment")] = None
    """Of this instalment alone; else of every one."""

    support: Literal["01", "02", "03"] = "01"
    """01 electronic, 02 paper, 03 CD."""

    id_unique: IdUnique
    nom_pj: Annotated[Text100 | None, Field(alias="NomPJ")] = None
    type_pj: Annotated[TypePJ, Field(alias="TypePJ")] = "003"


class BudgetConfig(_OfPes):
    """The settings of one budget of an entity."""

    id_post: IdPost | None = None
    """The accountant's post: without it no slip is prepared."""

    cod_col: CodCol | None = None
    """The entity's code at the post: without it no slip is prepared."""

    cod_bud: CodBud | None = None
    """The budget's code there; else the budget's own, where it has this form."""

    libelle_poste: Text38 | None = None
    libelle_col_bud: Text38 | None = None
    affect: Text10 | None = None
    cod_serv: Text10 | None = None
    """A service that Hélios knows; one for all pieces."""

    typ_fic: Text32 = "PESALR2"
    """Unverified: most public samples have it, the schema's own text says `PESALR1`."""

    version: Version = "2"
    id_ver: Version = "2"
    sigle: Text32 = "ECLUSE"
    adresse: Text29 | None = None
    """Instead of the name and version of the program; the schema's version stands behind it."""

    info_dematerialisee: bool = False
    """The file goes on to a tool that signs it: slips bear an Id."""

    functional: Annotated[bool, Field(alias="functional")] = True
    """The nomenclature is functional (M57): every line has a Fonction; else none has."""

    cat_tiers: BodyCategory = "50"
    """A private body. Unverified: the labels of the schema are shifted (5.30 corrects them)."""

    nat_jur: NatJur = "06"
    """An association."""

    mod_regl: Literal["03", "05"] = "03"
    """Paid by transfer: 03, or 05 for a large one."""

    operating: Annotated[Payment, Field(alias="operating")] = "01-01-01"
    """A piece on articles that begin with 6. Unverified for one that is issued again."""

    investment: Annotated[Payment, Field(alias="investment")] = "01-01-02"
    """A piece on articles that begin with 2. Unverified."""

    cancelling: Annotated[Cancelling, Field(alias="cancelling")] = "02-02-06"
    """A piece that takes another back in the same year."""

    org_ema: Annotated[tuple[Payer, ...], Field(strict=False)] = ("01",)
    """The payers (OrgEma) of a return whose payments are payments of the order. Unverified."""

    numbers: Annotated[Numbers, Field(alias="numbers")] = Numbers()

    documents: Annotated[tuple[DocumentReference, ...], Field(alias="documents", strict=False)] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The codes that are missing: without them no slip is prepared."""
        codes = {"IdPost": self.id_post, "CodCol": self.cod_col, "CodBud": self.cod_bud}
        return tuple(name for name, code in codes.items() if code is None)

    def documents_of(self, convention: str, instalment: str) -> tuple[DocumentReference, ...]:
        """The supporting documents of an order."""
        return tuple(
            each
            for each in self.documents
            if each.convention == convention and each.instalment in {None, instalment}
        )


class Entity(_Strict):
    """An entity's budgets, by their code."""

    budgets: Mapping[BudgetCode, BudgetConfig]


class Address(_OfPes):
    """The postal address of a third party (Adresse)."""

    typ_adr: Literal["0", "1", "2"] = "1"
    """0 not said, 1 the main one, 2 another."""

    adr1: Text38 | None = None
    adr2: Text38
    """Number and street."""

    adr3: Text38 | None = None
    cp: Annotated[PostalCode, Field(alias="CP")]
    ville: Text38
    cod_pays: CountryCode | None = None
    """The country of a third party that does not reside in France."""


class ThirdParty(_OfPes):
    """Facts about a beneficiary that the accountant needs and no event says."""

    cat_tiers: CatTiers | None = None
    nat_jur: NatJur | None = None
    ref_tiers: Text30 | None = None
    """The third party's number in the ERP."""

    civilite: Text10 | None = None
    nom: Text38 | None = None
    prenom: Text38 | None = None
    """Form of address and first name: of a natural person (CatTiers 01) only, who has a name too.
    Of a body, a name is written instead of the beneficiary's."""

    adresse: Address | None = None

    @property
    def category(self) -> tuple[str, str] | None:
        """CatTiers and NatJur."""
        if self.cat_tiers is None or self.nat_jur is None:
            return None
        return self.cat_tiers, self.nat_jur

    @model_validator(mode="after")
    def _complete(self) -> "ThirdParty":
        if (self.cat_tiers is None) != (self.nat_jur is None):
            invalid_value(_("CatTiers and NatJur belong together: give both or none"))
        is_person = self.cat_tiers == PERSON
        named = {each is not None for each in (self.civilite, self.prenom)}
        if named != {is_person} or (is_person and self.nom is None):
            invalid_value(
                _(
                    "a natural person (CatTiers 01) has Civilite, Nom and Prenom; nobody else has"
                    " Civilite or Prenom"
                )
            )
        return self


class TreasuryConfig(_Strict):
    """The file that ECLUSE_TREASURY_FILE names; without one nothing is known."""

    entities: Mapping[Siret, Entity] = {}
    third_parties: Mapping[Siret, ThirdParty] = {}
    accounts: Accounts = Accounts()
    """The accounts of entries."""

    @cached_property
    def budgets(self) -> Mapping[tuple[str, str], BudgetConfig]:
        """The settings of each budget by its entity and its code."""
        return {
            (siret, code): _with_code(budget, code)
            for siret, entity in self.entities.items()
            for code, budget in entity.budgets.items()
        }

    def find_budget(self, budget: str) -> BudgetConfig | None:
        """The settings of a budget in any year; None where the file does not name it."""
        name = BudgetName.parse(budget)
        return self.budgets.get((name.siret, name.code))

    def third_party(self, siret: str) -> ThirdParty | None:
        """The directory's entry of a beneficiary."""
        return self.third_parties.get(siret)


@dataclass(frozen=True, slots=True)
class FileFault:
    """A fault of the file, and where it is."""

    line: int | None
    pointer: str
    text: Translatable

    @property
    def sentence(self) -> Translatable:
        """The fault with its place."""
        if self.line is None:
            return self.text
        facts = {"line": self.line, "pointer": self.pointer or "/", "text": self.text}
        return LINE.render(facts)


def judge(text: str) -> tuple[TreasuryConfig | None, list[FileFault]]:
    """The settings of a file, None where they cannot be read, and all that is to be mended.

    Settings that can be read may still lack codes without which no slip is prepared.
    """
    try:
        document = strict_yaml.read(text)
    except strict_yaml.YamlFault as error:
        return None, [FileFault(error.line, "", error.text)]
    try:
        config = TreasuryConfig.model_validate(document.value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return None, [_read_faults(each, document) for each in found]
    return config, list(_to_mend(config, document))


def read_config(path: Path) -> TreasuryConfig:
    """The settings in a file.

    Raises:
        Stop: it cannot be read, or is not as it must be; the message says where.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(path, error_text(error)) from error
    config, faults = judge(text)
    if config is None:
        raise Stop(path, faults[0].sentence)
    return config


def _read_faults(error: Any, document: strict_yaml.Document) -> FileFault:
    steps = [each for each in error["loc"] if each != "[key]"]
    kind, facts = error["type"], error.get("ctx", {})
    text = facts["why"] if "why" in facts else DETAILS.get(kind) or fault_detail(kind, facts)
    return FileFault(document.line_of(steps), pointer_of(map(token_of, steps)), text)


def _to_mend(config: TreasuryConfig, document: strict_yaml.Document) -> Iterator[FileFault]:
    """Faults of a file that can be read, but leaves slips unprepared or returns without budget."""
    first: dict[tuple[str, str], str] = {}
    of_codes: dict[tuple[str | None, ...], tuple[str, str]] = {}
    for (siret, code), budget in config.budgets.items():
        steps = ("entities", siret, "budgets", code)
        line, pointer = document.line_of(steps), pointer_of(map(token_of, steps))
        for name in budget.missing:
            yield FileFault(line, pointer, NO_SLIP.render({"name": name}))
        if budget.cod_bud is not None:
            other = first.setdefault((siret, budget.cod_bud), code)
            if other != code:
                facts = {"code": budget.cod_bud, "other": other}
                yield FileFault(line, pointer, SAME_CODE.render(facts))
        if not budget.missing:
            codes = (budget.id_post, budget.cod_col, budget.cod_bud)
            entity, name = of_codes.setdefault(codes, (siret, code))
            if entity != siret:
                named = dict(zip(("post", "collectivity", "code"), codes, strict=True))
                other = f"{entity}-{name}"
                yield FileFault(line, pointer, SAME_CODES.render({**named, "other": other}))


def _with_code(budget: BudgetConfig, code: str) -> BudgetConfig:
    """The budget's own code is CodBud where nothing else is said and it has the form."""
    if budget.cod_bud is not None or re.fullmatch(COD_BUD, code) is None:
        return budget
    return budget.model_copy(update={"cod_bud": code})
