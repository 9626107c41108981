"""Addresses as they may be shown: without a password and without a query. Pure."""

import re
from typing import Final

HIDDEN: Final = "***"

SCHEME: Final = "://"
USER_AND_PASSWORD: Final = re.compile(r"//(?:([^:@/?#]*:).*|.*)@", re.DOTALL)
"""Up to the last `@`: a password that was not escaped may hold others."""

AFTER_PATH: Final = re.compile(r"[?#].*", re.DOTALL)


def without_secrets(address: str) -> str:
    """The address with its scheme, user, host and path alone; what is no address is left as it is.

    A user without a password is hidden too: it may be a token.
    """
    if SCHEME not in address:
        return address
    return AFTER_PATH.sub("", USER_AND_PASSWORD.sub(rf"//\1{HIDDEN}@", address))
