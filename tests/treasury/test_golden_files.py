"""Files of slips, byte for byte: each was read line by line against the public schemas (5.17).

`python -m tests.treasury.test_golden_files` writes them anew, to be read again.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.treasury.pes.writer import PesFile, faults, write
from tests.treasury.pes_rules import broken
from tests.treasury.pes_slips import CASES, Case, the_advance

GOLDEN = Path(__file__).parent / "golden"

of_each_case = pytest.mark.parametrize(("name", "case"), CASES.items(), ids=CASES)


def written(case: Case) -> PesFile:
    return write(case.slip, case.config, case.program)


@of_each_case
def test_a_slip_gives_the_same_bytes_for_ever(name: str, case: Callable[[], Case]) -> None:
    expected = (GOLDEN / f"{name}.xml").read_bytes()
    assert expected == written(case()).content
    assert expected == written(case()).content


@of_each_case
def test_a_golden_file_keeps_every_rule(name: str, case: Callable[[], Case]) -> None:
    content = (GOLDEN / f"{name}.xml").read_bytes()
    assert [] == broken(content, is_functional=case().is_functional)


@of_each_case
def test_the_orders_of_golden_files_have_no_faults(name: str, case: Callable[[], Case]) -> None:
    del name
    found = case()
    assert [] == [fault for each in found.slip.pieces for fault in faults(each.order, found.config)]


def test_the_advance_is_of_three_lines_and_1_131_800_00() -> None:
    text = written(the_advance()).content.decode("iso-8859-1")
    assert '<MtBordHT V="1131800.00"/>' in text
    for operation, amount in (("489", "677800.00"), ("1978", "378500.00"), ("490", "75500.00")):
        assert text.index(f'<CptAna V="{operation}"/>') < text.index(f'<MtHT V="{amount}"/>')


@pytest.mark.parametrize("absent", ["Operation", "DteEch", "DGP", "LibVir2", "MtTVA", 'V=""'])
@of_each_case
def test_no_file_holds_what_does_harm(name: str, case: Callable[[], Case], absent: str) -> None:
    del case
    assert absent.encode() not in (GOLDEN / f"{name}.xml").read_bytes()


def test_the_name_of_a_file_is_in_it_and_differs_by_slip_and_correction() -> None:
    case = the_advance()
    file = written(case)
    assert "PES_21590350100017_00_2023_01_0000001.xml" == file.name
    assert b'<NomFic V="PES_21590350100017_00_2023_01_0000001"/>' in file.content
    corrected = written(CASES["every-setting"]())
    assert "PES_21590350100017_Z9_2023_01_0000012_2.xml" == corrected.name


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for title, of_case in CASES.items():
        (GOLDEN / f"{title}.xml").write_bytes(written(of_case()).content)
