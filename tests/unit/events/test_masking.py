"""Masking: what may be an IBAN is shortened in every fact, however deep."""

import pytest

from events.masking import account_spans, find_hidden_places, mask, mask_name
from tests.builders import IBAN, OTHER_IBAN

HASH = "be71096123456769" + "0" * 48
"""In it stands what would pass for an account: BE71 0961 2345 6769."""


@pytest.mark.parametrize(
    ("fact", "shown"),
    [
        (IBAN, "FR76…0110"),
        (OTHER_IBAN, "FR76…0185"),
        ("NO9386011117947", "NO93…7947"),  # the shortest
        ("FR76 1027 8027", "FR76…8027"),  # shorter ones in form alone
        ("MT84MALT011000012345MTLCAST001S", "MT84…001S"),
        (f"/data/{IBAN}/x", "/data/FR76…0110/x"),
        (f"urn:{IBAN}", "urn:FR76…0110"),
        (f"iban_{IBAN}", "iban_FR76…0110"),
        (f"IBAN{IBAN}", "IBANFR76…0110"),
        (f"RIB {IBAN}, {OTHER_IBAN}", "RIB FR76…0110, FR76…0185"),
        ("FR76 1027 8027 1500 0457 8690 110", "FR76…0110"),
        ("FR76-1027-8027-1500-0457-8690-110", "FR76…0110"),
        (f"VIR{IBAN}", "VIRFR76…0110"),
        (f"1{IBAN}", "1FR76…0110"),
        (IBAN.lower(), "fr76…0110"),
        (f"{IBAN}0", "FR76…01100"),
        (f"x{IBAN}0", "xFR76…01100"),
        ("FR76.1027.8027.1500.0457.8690.110", "FR76…0110"),
        ("FR76_1027_8027_1500_0457_8690_110", "FR76…0110"),
        ("FR 76 1027 8027 1500 0457 8690 110", "FR76…0110"),
        ("FR7\n610278027150004578690110", "FR76…0110"),
        ("FR76 10278 02715 00045786901 10", "FR76…0110"),
        ("FR76\u00a01027\u202f8027 1500 0457 8690 110", "FR76…0110"),
        (f"{IBAN} {OTHER_IBAN}", "FR76…0110 FR76…0185"),
        (f"FR76 {IBAN}", "FR76 FR76…0110"),
        ("VIRFR7710278027150004578690110", "VIRFR7710278027150004578690110"),  # a wrong key
        (f"X{IBAN[:-1]}", f"X{IBAN[:-1]}"),  # cut
        ("VXX7610278027150004578690110", "VXX7610278027150004578690110"),  # no such country
        ("fr76--10278027150004578690110", "fr76…0110"),
        ("FR76  1027  8027 1500 0457 8690 110", "FR76…0110"),
        ("FR76\t1027\t8027 1500\n0457 8690 110", "FR76…0110"),
        ("FR76\u20091027\u20098027 1500 0457 8690 110", "FR76…0110"),
        ("FR76\u200b1027\u200b80271500\u00ad04578690110", "FR76…0110"),
        ("FR76/1027/8027/1500/0457/8690/110", "FR76…0110"),
        ("FR76\x1b1027\x9b80271500\x0004578690110", "FR76…0110"),
        (f"{HASH}, {IBAN}, {HASH}", f"{HASH}, FR76…0110, {HASH}"),
        ("FR76    10278027150004578690110", "FR76…0110"),
        ("FR76\n            1027 8027 1500 0457 8690 110", "FR76…0110"),
        ("FR76(1027)8027+1500 – 0457; 8690, ‘110’", "FR76…0110’"),
        ("ＦＲ７６１０２７８０２７１５０００４５７８６９０１１０", "FR76…0110"),
        ("FR76é10278027150004578690110", "FR76é1027…0110"),
        ("RIB10278027150004578690110", "RIB1027…0110"),
        ("de 20 jours, du 1er juin au 30", "de 20 jours, du 1er juin au 30"),
        ("RIB 10278 02715 00045786901 10", "RIB 1027…0110"),
        ("10278027150004578690110", "1027…0110"),
        ("20041 01005 0500013M026 06", "2004…2606"),  # with an M: La Banque postale
        ("10278 02715 00045786901 11", "10278 02715 00045786901 11"),  # a wrong key
        ("de305d54-75b4-431b-adb2-eb6b9e546014", "de305d54-75b4-431b-adb2-eb6b9e546014"),
        ("be12ad34-fe56-4789-ae98-ba76dc543210", "be12ad34-fe56-4789-ae98-ba76dc543210"),
        ("CONV-2023-LILLE-AVENIRS", "CONV-2023-LILLE-AVENIRS"),
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
    assert shown == mask(fact)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (f"virement-{IBAN}-8", "virement-FR76…0110-8"),
        (f"{IBAN}/{OTHER_IBAN}", "FR76…0110/FR76…0185"),
        ("FR7710278027150004578690110", "FR7710278027150004578690110"),  # its key is wrong
        ("CV2023ABCDEFGHIJKLMNOP", "CV2023ABCDEFGHIJKLMNOP"),
        ("CONV-2023-LILLE-AVENIRS", "CONV-2023-LILLE-AVENIRS"),
        # The 23 characters of a RIB with a right key, by chance: a slip's id, and an entry's.
        ("37887770800040-00-2020-S28", "37887770800040-00-2020-S28"),
        ("21590350100017-00-2023/20/1", "21590350100017-00-2023/20/1"),
        # A hash, and a UUID, in which an account with a right key may stand by chance.
        (HASH, HASH),
        ("de305d54-75b4-431b-adb2-eb6b9e546014", "de305d54-75b4-431b-adb2-eb6b9e546014"),
    ],
)
def test_a_name_is_masked_only_where_it_holds_an_account(name: str, shown: str) -> None:
    assert shown == mask_name(name)


def test_facts_inside_facts_are_masked() -> None:
    deep = {"accounts": [IBAN, {"iban": IBAN}], "pair": (IBAN, 1), "cents": 5}
    shown = "FR76…0110"
    expected = {"accounts": [shown, {"iban": shown}], "pair": [shown, 1], "cents": 5}
    assert expected == mask(deep)


def test_bytes_keep_their_places_and_lose_the_middle_of_an_iban() -> None:
    raw = "é\u202f".encode() + b'\xff{"iban":"' + IBAN.encode() + b'","id":"x"}'
    start = raw.index(IBAN.encode())
    assert frozenset(range(start + 4, start + len(IBAN) - 4)) == find_hidden_places(raw)


def test_separators_of_an_iban_may_be_seen() -> None:
    raw = b"FR76 1027 8027 1500 0457 8690 110"
    hidden = find_hidden_places(raw)
    assert "FR76 •••• •••• •••• •••• •••• 110" == "".join(
        "•" if place in hidden else chr(each) for place, each in enumerate(raw)
    )


def test_spans_are_in_order_and_apart() -> None:
    text = f"FR7710278027150004578690110 {IBAN} {OTHER_IBAN}"
    assert [(0, 27), (28, 55), (56, 83)] == account_spans(text)
