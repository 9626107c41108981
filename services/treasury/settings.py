"""Settings of the treasury, from ECLUSE_TREASURY_… variables; ECLUSE_DATABASE_… as elsewhere.

`ECLUSE_TREASURY_FILE` names the file of the public accountant's codes and of third parties. They
stand alone, as the settings of each service do.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, SecretStr

from services.projector.settings import DatabaseSettings

TIMES: Final = r"^$|^ *([01]?\d|2[0-3]):[0-5]\d *(, *([01]?\d|2[0-3]):[0-5]\d *)*$"
"""Times of the day, separated by commas."""


class TreasurySettings(DatabaseSettings):
    """Settings of the treasury: its tables, and the files that it reads and writes."""

    treasury_url: SecretStr | None = None
    """The database of the treasury's own tables; else that of the read model, in the schema
    `ecluse_treasury`; beside a read model in a SQLite file, the file `treasury.db`."""

    treasury_file: Path | None = None
    """The file with the codes of the accountant and the directory of third parties (YAML)."""

    treasury_returns: Path | None = None
    """The folder where files of the accountant arrive."""

    treasury_exports: Path | None = None
    """The folder into which PES files are written by the schedule."""

    treasury_schedule: Annotated[str, Field(pattern=TIMES)] = ""
    """Times of the day (Paris) at which slips are prepared, issued and exported: `09:30,16:00`."""

    treasury_poll_s: Annotated[float, Field(gt=0)] = 5.0
    """Seconds between two looks at the outbox, the folder of returns and the journal."""
