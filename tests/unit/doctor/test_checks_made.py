"""The checks of `ecluse doctor` as they are made, and what is said at the end of them."""

from pathlib import Path

import pytest

from services.cli.commands.doctor import conclusion
from services.dev.certificates import authority, sign_pem
from services.doctor.certificates import examine_files
from services.doctor.judge import Finding, Part, State
from services.doctor.scope import run_check
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.tls import PemFile
from services.texts.language import Language
from services.texts.translation import translate
from tests.waiting import run

SECRET = "a-Secret-0815"


async def at_fault() -> list[Finding]:
    """A check that expects what a broker does not say."""
    answer: dict[str, str] = {}
    return [answer[SECRET]]  # type: ignore[list-item]


def test_a_fault_of_a_check_is_a_line_with_its_place_and_without_what_it_holds() -> None:
    (found,) = run(run_check(Part.KAFKA, "limits", at_fault(), where="b:9092"))
    assert (State.UNKNOWN, "limits", "b:9092") == (found.state, found.name, found.where)
    text = translate(found.text, Language.EN)
    assert "KeyError, test_checks_made.py:" in text
    assert SECRET not in text


def test_the_first_of_several_authorities_to_expire_is_named(tmp_path: Path) -> None:
    """It may be the one that signed the broker's certificate."""
    file = tmp_path / "authorities.pem"
    soon = sign_pem(authority("root"), "soon", days=10)
    file.write_bytes(authority("later").pem + soon)
    (found,) = run(examine_files([PemFile("ECLUSE_KAFKA_SSL_CAFILE", file)], [], wall_clock))
    assert State.TROUBLE == found.state
    assert "CN=soon expires on" in translate(found.text, Language.EN)


@pytest.mark.parametrize(
    ("troubles", "unknown", "lines"),
    [
        (0, 0, ["Nothing needs a person."]),
        (0, 2, ["Nothing that is known needs a person; 2 things are not known."]),
        (1, 0, ["1 thing to do."]),
        (3, 1, ["1 thing is not known.", "3 things to do."]),
    ],
)
def test_what_is_not_known_is_never_well(troubles: int, unknown: int, lines: list[str]) -> None:
    assert lines == [translate(each, Language.EN) for each in conclusion(troubles, unknown)]
