"""The third party of a PES file (Tiers): an order's beneficiary, and what the directory adds.

It stands alone because a file and the faults that keep an order from one are both made of it.
"""

from dataclasses import dataclass
from typing import Final

from events.outbound import PaymentOrderIssued
from services.treasury.domain.plain_text import cut, is_text, plain
from services.treasury.pes.accountant import Address, BudgetConfig, ThirdParty, TreasuryConfig

NAME_MAX: Final = 38
HOLDER_MAX: Final = 32

PUBLIC_SIREN: Final = ("1", "2")
"""First digits of the SIREN of public bodies, whose category no default can know."""


@dataclass(frozen=True, slots=True)
class Payee:
    """The values of a Tiers, in the plain form of their texts."""

    siret: str
    ref_tiers: str | None
    category: tuple[str, str] | None
    """CatTiers and NatJur; None of a public body that the directory does not name."""
    civilite: str | None
    name: str
    """The whole name, as the directory has it, else as the order does."""
    nom: str
    compl_nom: str | None
    prenom: str | None
    adresse: Address | None
    bic: str | None
    iban: str
    tit_cpte: str

    @classmethod
    def describe(
        cls, order: PaymentOrderIssued, config: TreasuryConfig, budget: BudgetConfig
    ) -> "Payee":
        """The payee of an order."""
        siret, account = order.beneficiary.siret, order.bank_account
        entry = config.third_party(siret) or ThirdParty()
        category = entry.category
        if category is None and not siret.startswith(PUBLIC_SIREN):
            category = (budget.cat_tiers, budget.nat_jur)
        name = entry.nom or order.beneficiary.name
        nom, rest = cut(plain(name), NAME_MAX)
        compl_nom = cut(rest, NAME_MAX)[0]
        return cls(
            siret=siret,
            ref_tiers=entry.ref_tiers,
            category=category,
            civilite=entry.civilite,
            name=name,
            nom=nom,
            compl_nom=compl_nom if is_text(compl_nom) else None,
            prenom=entry.prenom,
            adresse=entry.adresse,
            bic=account.bic,
            iban=account.iban,
            tit_cpte=cut(plain(account.holder), HOLDER_MAX)[0],
        )
