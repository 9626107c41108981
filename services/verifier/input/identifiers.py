"""Numbers that check themselves: SIRET, IBAN with the French RIB key, BIC. By their arithmetic."""

import re
from typing import Final

FRENCH: Final = re.compile(r"(?:FR|MC)[0-9]{2}([0-9]{5})([0-9]{5})([0-9A-Z]{11})([0-9]{2})")
"""Bank, branch, account and key of an account in France or Monaco."""

RIB_DIGITS: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")
"""The characters of an account as the RIB key counts them."""

NEVER_COMPUTED: Final = frozenset({"00", "01", "99"})
"""Check digits that ISO 7064 never yields, though the remainder may be right."""

LA_POSTE: Final = "356000000"
LA_POSTE_HOME: Final = "35600000000048"
"""The establishments of La Poste have a rule of their own, but for its seat (INSEE)."""

LETTERS_OF_A_COUNTRY: Final = slice(4, 6)
"""The characters of a BIC that name its country."""


def is_siret(digits: str) -> bool:
    """Return whether 14 digits are a SIRET."""
    if digits.startswith(LA_POSTE) and digits != LA_POSTE_HOME:
        return sum(map(int, digits)) % 5 == 0
    return _luhn(digits) and _luhn(digits[:9])


def _luhn(digits: str) -> bool:
    doubled = [int(each) * (1 + at % 2) for at, each in enumerate(reversed(digits))]
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


def is_french(iban: str) -> bool:
    """Return whether the account carries a RIB key, so that its check is complete."""
    return iban[:2] in {"FR", "MC"}


def is_iban(iban: str) -> bool:
    """Verify the check digits (ISO 13616, mod 97), of French accounts the RIB key too."""
    if iban[2:4] in NEVER_COMPUTED:
        return False
    moved = iban[4:] + iban[:4]
    if int("".join(str(int(each, 36)) for each in moved)) % 97 != 1:
        return False
    if not is_french(iban):
        return True
    found = FRENCH.fullmatch(iban)
    if found is None:
        return False
    bank, branch, account, key = found.groups()
    digits = int(account.translate(RIB_DIGITS))
    return int(key) == 97 - (89 * int(bank) + 15 * int(branch) + 3 * digits) % 97


def names_a_country(bic: str) -> bool:
    """Return whether the country part of a BIC is alphabetic; countries are not listed here."""
    return bic[LETTERS_OF_A_COUNTRY].isalpha()
