"""Where the read model is: read once, from ECLUSE_DATABASE_URL or the file that holds it."""

from pathlib import Path
from typing import Final

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_URL: Final = "postgresql://localhost/ecluse"


class DatabaseSettings(BaseSettings):
    """The database of the read model.

    Raises:
        pydantic.ValidationError: a variable holds what it cannot mean; the message names it.
    """

    model_config = SettingsConfigDict(env_prefix="ECLUSE_", frozen=True, hide_input_in_errors=True)

    database_url: SecretStr = SecretStr(DEFAULT_URL)
    """`postgresql://user:password@host/database`, or `sqlite:///path/to/file`."""

    database_url_file: Path | None = None
    """A file that holds it, as containers keep secrets; it stands before the other."""

    @property
    def url(self) -> str:
        """The URL, wherever it stands.

        Raises:
            OSError: its file cannot be read.
        """
        if self.database_url_file is None:
            return self.database_url.get_secret_value()
        return self.database_url_file.read_text(encoding="utf-8").strip()
