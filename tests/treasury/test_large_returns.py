"""Returns of many pieces: what a killed process leaves, and how much memory one takes."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commit import ROOT
from tests.leaks import leaks
from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip
from tests.treasury.sent_slips import Desk, a_piece_row, a_slip_row, at_desk

PIECES = 400
MEBIBYTE = 1024 * 1024
LARGE_PIECES = 60_000
GROWTH_MAX_BYTES = 100 * MEBIBYTE


def mandats(count: int, comment: int = 1) -> Iterator[Mandat]:
    for number in range(1, count + 1):
        line = Line("1000.00", (Paid("400.00"), Paid("600.00")), "2", "1000.00")
        yield Mandat(number, (line,), {"EtatPce": "05", "Commentaire": "a" * comment})


async def sent(desk: Desk, count: int) -> None:
    slip = a_slip_row(12)
    await desk.send(slip, *(a_piece_row(slip, each, f"C{each}/1") for each in range(1, count + 1)))


def taking(url: str, file: Path, dies_after_bytes: int = 0) -> subprocess.CompletedProcess[str]:
    """A process that takes the file."""
    command = [sys.executable, "-m", "tests.treasury.taking", url, str(file)]
    done = subprocess.run(
        [*command, str(dies_after_bytes)], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert [] == leaks(done.stdout + done.stderr)
    return done


def test_a_process_that_dies_half_way_has_taken_nothing(treasury_url: str, tmp_path: Path) -> None:
    """All of a file is one transaction: whoever takes it again takes it whole, each event once."""
    file = tmp_path / "retour.xml"
    file.write_bytes(a_return(a_slip(*mandats(PIECES), number=12)))
    at_desk(treasury_url, lambda desk: sent(desk, PIECES))
    for share in (3, 2):
        died = taking(treasury_url, file, file.stat().st_size * (share - 1) // share)
        assert -signal.SIGKILL == died.returncode

    async def again(desk: Desk) -> None:
        assert [] == await desk.rows("own_events")
        assert [] == await desk.rows("outbox")
        assert ["retour.xml"] == [each.file_name for each in await desk.returns.list_files()]
        taken = await desk.take(file.read_bytes())
        assert (PIECES, 3 * PIECES) == (taken.pieces, taken.events)
        assert 3 * PIECES == len(await desk.rows("outbox"))

    at_desk(treasury_url, again)


@pytest.mark.rest
def test_a_return_of_50_mb_is_taken_in_100_mib(treasury_in_files: str, tmp_path: Path) -> None:
    file = tmp_path / "retour.xml"
    around = a_return("{}").decode("iso-8859-1")
    before, after = around.split("{}")
    with file.open("w", encoding="iso-8859-1") as into:
        into.write(before + a_slip(number=12).removesuffix("</Bordereau>"))
        for each in mandats(LARGE_PIECES, comment=350):
            into.write(each.xml())
        into.write("</Bordereau>" + after)
    assert file.stat().st_size > 50_000_000
    at_desk(treasury_in_files, lambda desk: sent(desk, LARGE_PIECES))

    done = taking(treasury_in_files, file)
    events, grown_bytes = map(int, done.stdout.split())
    assert 3 * LARGE_PIECES == events
    assert grown_bytes < GROWTH_MAX_BYTES
