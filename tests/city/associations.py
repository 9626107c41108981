"""The associations of a made-up city: names as people write them, numbers that are valid."""

from itertools import product
from typing import Final, NamedTuple

from tests.builders import Json

KINDS: Final = (
    "Chœur",
    "Amicale laïque",
    "Théâtre",
    "Club nautique",
    "Œuvre sociale",
    "Crèche parentale",
    "Comité des fêtes",
    "Les P’tits Loups",
)
PLACES: Final = ("de l'Île", "de l’Écluse", "du Vieux-Hêtre", "d'Été & d’Hiver", "du Sacré-Cœur")

BANK, BRANCH = 10278, 2715


class Association(NamedTuple):
    """A beneficiary, and the accounts that it has one after the other."""

    number: int
    name: str

    @property
    def siret(self) -> str:
        siren = _with_check_digit(f"81{self.number:06}")
        return _with_check_digit(f"{siren}0001")

    @property
    def beneficiary(self) -> Json:
        return {"name": self.name, "siret": self.siret}

    def bank_account(self, change: int = 0) -> Json:
        """The account after so many changes."""
        return {"iban": _iban(1_000 * self.number + change), "holder": self.name}


ASSOCIATIONS: Final = tuple(
    Association(number, " ".join(words)) for number, words in enumerate(product(KINDS, PLACES), 1)
)


def _with_check_digit(digits: str) -> str:
    """These digits and the one that makes their sum by Luhn a multiple of ten."""
    doubled = [divmod(int(digit) * 2, 10) for digit in digits[::-2]]
    total = sum(map(sum, doubled)) + sum(map(int, digits[-2::-2]))
    return f"{digits}{-total % 10}"


def _iban(account: int) -> str:
    """A French IBAN with its two keys: that of the RIB and its own."""
    rib_key = 97 - (89 * BANK + 15 * BRANCH + 3 * account) % 97
    rib = f"{BANK:05}{BRANCH:05}{account:011}{rib_key:02}"
    return f"FR{98 - int(f'{rib}152700') % 97:02}{rib}"
