"""Masking: what may be an IBAN is shortened in every fact of a log line, however deep."""

import pytest

from services.cli.logs import mask_ibans, masked
from tests.builders import IBAN, OTHER_IBAN


@pytest.mark.parametrize(
    ("fact", "shown"),
    [
        (IBAN, "FR76…0110"),
        (OTHER_IBAN, "FR76…0185"),
        ("NO9386011117947", "NO93…7947"),  # the shortest
        ("MT84MALT011000012345MTLCAST001S", "MT84…001S"),
        (f"/data/{IBAN}/x", "/data/FR76…0110/x"),
        (f"urn:{IBAN}", "urn:FR76…0110"),
        (f"iban_{IBAN}", "iban_FR76…0110"),
        (f"IBAN{IBAN}", "IBANFR76…0110"),
        (f"RIB {IBAN}, {OTHER_IBAN}", "RIB FR76…0110, FR76…0185"),
        ("FR76 1027 8027 1500 0457 8690 110", "FR76… 110"),
        ("FR76-1027-8027-1500-0457-8690-110", "FR76…-110"),
        (IBAN[:14], IBAN[:14]),  # too short for one
        ("MANDAT2023000123456", "MANDAT2023000123456"),
        ("BP2023-LILLE-AVENIRS", "BP2023-LILLE-AVENIRS"),
        ("21590350100017-00-2023", "21590350100017-00-2023"),
        ("", ""),
        (7, 7),
        (None, None),
    ],
)
def test_a_fact_is_masked(fact: object, shown: object) -> None:
    assert shown == masked(fact)


def test_facts_inside_facts_are_masked() -> None:
    deep = {"accounts": [IBAN, {"iban": IBAN}], "pair": (IBAN, 1), "cents": 5}
    shown = "FR76…0110"
    expected = {"accounts": [shown, {"iban": shown}], "pair": [shown, 1], "cents": 5}
    assert expected == masked(deep)


def test_a_whole_line_is_masked_its_traceback_included() -> None:
    line = {"event": "decoder_failed", "exception": f"Traceback …\nValueError: {IBAN}"}
    shown = mask_ibans(None, "error", line)
    assert {"event": "decoder_failed", "exception": "Traceback …\nValueError: FR76…0110"} == shown
