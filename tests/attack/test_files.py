"""Files that we name in a folder: a link that somebody planted there leads nowhere."""

from pathlib import Path

import pytest

from services.cli.commands.slips import save
from services.treasury.pes.writer import PesFile


@pytest.mark.parametrize("target", ["ledger.db", "a folder", "nowhere"])
def test_a_link_under_the_name_of_a_file_is_replaced_and_not_followed(
    target: str, tmp_path: Path
) -> None:
    (tmp_path / "ledger.db").write_bytes(b"the ledger's")
    (tmp_path / "a folder").mkdir()
    (folder := tmp_path / "out").mkdir()
    (planted := folder / "PES.xml").symlink_to(tmp_path / target)
    assert planted == save(PesFile("PES.xml", b"<all of it/>"), folder)
    assert (False, b"<all of it/>") == (planted.is_symlink(), planted.read_bytes())
    assert b"the ledger's" == (tmp_path / "ledger.db").read_bytes()
    assert [] == list((tmp_path / "a folder").iterdir())
    assert not (tmp_path / "nowhere").exists()
