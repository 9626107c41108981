"""The address of the read model, from ECLUSE_DATABASE_URL or the file that holds it."""

from pathlib import Path
from typing import Final

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_URL: Final = "postgresql://localhost/ecluse"


class DatabaseSettings(BaseSettings):
    """The database of the read model; a ValidationError names the variable that is wrong."""

    model_config = SettingsConfigDict(env_prefix="ECLUSE_", frozen=True, hide_input_in_errors=True)

    database_url: SecretStr = SecretStr(DEFAULT_URL)
    """`postgresql://user:password@host/database`, or `sqlite:///path/to/file`."""

    database_url_file: SecretStr | None = None
    """The content of a file, as containers keep secrets; it has precedence."""

    @field_validator("database_url_file", mode="before")
    @classmethod
    def _read(cls, file: object) -> object:
        if not file:
            return None
        try:
            return Path(str(file)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(str(error)) from error

    @property
    def url(self) -> str:
        """The URL, from the file or the variable."""
        return (self.database_url_file or self.database_url).get_secret_value()
