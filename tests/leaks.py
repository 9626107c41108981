"""Secrets and whole IBANs in what the tests' processes log and show.

It is asked wherever a test ends a process, runs a command or reads a page of figures: so every log
of the whole run is searched. It shares no code with the masking that it checks.
"""

import re
from typing import Final

from tests.builders import IBAN, OTHER_IBAN

PASSWORD: Final = "correct horse battery staple"
"""The password of every principal of the brokers and databases that live for one test."""

TEST_KEY: Final = "test-key-of-"
"""The beginning of the API keys of tests."""

_HIDDEN: Final = r"[\W_]{0,3}"
_WHOLE: Final = re.compile(
    "|".join(_HIDDEN.join(each[4:-4]) for each in (IBAN, OTHER_IBAN)),
    re.IGNORECASE,
)


def leaks(text: str) -> list[str]:
    """What no log and no page of figures may hold, with a little of what stands around it."""
    found = [each.span() for each in _WHOLE.finditer(text)]
    for secret in (PASSWORD, TEST_KEY):
        found += [each.span() for each in re.finditer(re.escape(secret), text)]
    return [text[max(0, start - 80) : end + 20] for start, end in found]
