"""Rules on fields: which belong together, and the numbers that check themselves (SIRET, IBAN, BIC).

A rule on fields that belong together is asked when its field, and all before, are right.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final

from services.verifier.input.strict_json import Path, Unreadable
from services.verifier.records import Json

TOTAL_MAX_CENTS: Final = 2**53 - 1
"""The largest sum of the amounts of a list."""

LAST_YEAR: Final = "2199"
"""The year that no budget follows."""

SUBJECTS: Final = {"report_due": "convention", "payment_due": "payment_order", "parked": "event"}
"""The subject of each kind of deadline."""

LINE: Final = ("chapter", "article", "function", "operation")

Belongs = Callable[[Json, Path], None]
"""Raises Unreadable where a field does not go with those before it."""


def _wrong(path: Path, *names: str | int) -> Unreadable:
    return Unreadable("invalid_value", (*path, *names))


def _only_with(name: str, member: str, value: str) -> Belongs:
    """A field that is there where another has a certain value, and only there."""

    def rule(data: Json, path: Path) -> None:
        is_given = data.get(name) is not None
        if data[member] == value and not is_given:
            raise Unreadable("missing_field", (*path, name))
        if data[member] != value and is_given:
            raise _wrong(path, name)

    return rule


def _appropriations(vote: Json, path: Path) -> None:
    """Each line once; the initial vote takes nothing away."""
    _each_line_once("appropriations")(vote, path)
    for number, each in enumerate(vote["appropriations"]):
        if vote["stage"] == "initial" and each["amount_cents"] < 0:
            raise _wrong(path, "appropriations", number, "amount_cents")


def _forbid_slash(award: Json, path: Path) -> None:
    """Without a convention the grant's reference becomes part of an order's id."""
    alone = award.get("requires_convention") is False
    if award["role"] == "award" and alone and "/" in award["grant"]:
        raise _wrong(path, "grant")


def _lines_of_an_award(award: Json, path: Path) -> None:
    lines = award.get("lines")
    if award["role"] == "award" and lines is None:
        raise Unreadable("missing_field", (*path, "lines"))
    if lines is not None:
        _each_line_once("lines")(award, path)
        if award["role"] == "concurring":
            raise _wrong(path, "lines")


def _schedule_of_an_award(award: Json, path: Path) -> None:
    """An award has a schedule where no convention brings one."""
    if award.get("instalments") is None:
        return
    _schedule(award, path)
    if award["role"] == "concurring" or award.get("requires_convention") is not False:
        raise _wrong(path, "instalments")


def _documents(instalment: Json, path: Path) -> None:
    """The trigger `reports` waits for documents, and no other."""
    if (instalment["trigger"] == "reports") != (instalment.get("documents") is not None):
        raise _wrong(path, "documents")


def _one_sum(recovery: Json, path: Path) -> None:
    """A recovery is given by lines, or in one sum."""
    lines, amount_cents = recovery.get("lines"), recovery.get("amount_cents")
    if lines is None and amount_cents is None:
        raise Unreadable("missing_field", (*path, "lines"))
    if lines is not None and amount_cents is not None:
        raise _wrong(path, "amount_cents")


def _subject(deadline: Json, path: Path) -> None:
    """A deadline is about what its kind says, and nothing else."""
    for kind, name in SUBJECTS.items():
        _only_with(name, "kind", kind)(deadline, path)


def _carry_over(closing: Json, path: Path) -> None:
    """Each convention once; behind the last year nothing goes on."""
    named = closing["carry_over"]
    if isinstance(named, list):
        _once((each["convention"] for each in named), (*path, "carry_over"), "convention")
    if named != "none" and closing["budget"].endswith(LAST_YEAR):
        raise _wrong(path, "carry_over")


def _schedule(event: Json, path: Path) -> None:
    """Each instalment once, and not too much together."""
    planned, here = event["instalments"], (*path, "instalments")
    _once((each["instalment"] for each in planned), here, "instalment")
    _limit_total((sum(one["amount_cents"] for one in each["lines"]) for each in planned), here)


def _each_line_once(name: str) -> Belongs:
    def rule(data: Json, path: Path) -> None:
        amounts, here = data.get(name), (*path, name)
        if amounts is not None:
            _once((tuple(map(each["line"].get, LINE)) for each in amounts), here, "line")
            _limit_total((each["amount_cents"] for each in amounts), here)

    return rule


def _services(line: Json, path: Path) -> None:
    services: list[Any] = line.get("services") or []
    _limit_total((each["amount_cents"] for each in services), (*path, "services"))


def _once(keys: Iterable[Hashable], path: Path, name: str) -> None:
    seen: set[Hashable] = set()
    for number, key in enumerate(keys):
        if key in seen:
            raise _wrong(path, number, name)
        seen.add(key)


def _limit_total(amounts: Iterable[int], path: Path) -> None:
    total = 0
    for number, each in enumerate(amounts):
        total += abs(each)
        if total > TOTAL_MAX_CENTS:
            raise _wrong(path, number)


BELONGING: Final[Mapping[tuple[str, str], Belongs]] = {
    ("BudgetVoted", "vote_level"): _only_with("vote_level", "stage", "initial"),
    ("BudgetVoted", "appropriations"): _appropriations,
    ("DeliberationAdopted", "requires_convention"): _forbid_slash,
    ("DeliberationAdopted", "lines"): _lines_of_an_award,
    ("DeliberationAdopted", "instalments"): _schedule_of_an_award,
    ("ConventionSigned", "instalments"): _schedule,
    ("ConventionAmended", "instalments"): _schedule,
    ("CommitmentReduced", "lines"): _each_line_once("lines"),
    ("RecoveryOrdered", "lines"): _each_line_once("lines"),
    ("RecoveryOrdered", "amount_cents"): _one_sum,
    ("RecoveryCollected", "lines"): _each_line_once("lines"),
    ("RecoveryCollected", "amount_cents"): _one_sum,
    ("DeadlinePassed", "kind"): _subject,
    ("FiscalYearClosed", "carry_over"): _carry_over,
    ("Instalment", "documents"): _documents,
    ("Instalment", "lines"): _each_line_once("lines"),
    ("LineAmount", "services"): _services,
}
"""By the part and the field at which they are asked."""


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
