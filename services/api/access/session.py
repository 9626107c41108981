"""The console's session: a signed cookie, and a token in every form."""

from typing import Final

SESSION_COOKIE: Final = "ecluse_session"
LOGIN_PATH: Final = "/console/login"
