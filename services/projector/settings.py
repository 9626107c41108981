"""The address of the read model, from ECLUSE_DATABASE_URL or the file that holds it."""

from typing import Final

from pydantic import SecretStr

from services.runtime.ops.settings import Environment

DEFAULT_URL: Final = "postgresql://localhost/ecluse"


class DatabaseSettings(Environment):
    """The database of the read model; a ValidationError names the variable that is wrong."""

    database_url: SecretStr = SecretStr(DEFAULT_URL)
    """`postgresql://user:password@host/database`, or `sqlite:///path/to/file`."""

    @property
    def url(self) -> str:
        """The URL, from the file or the variable."""
        return self.database_url.get_secret_value()
