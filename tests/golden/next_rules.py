"""A release to come, whose rules have the next version: `python -m tests.golden.next_rules MODULE`.

It runs a module, with what follows, as that release would: `pytest`, or `services.cli.app`.
"""

import re
import runpy
import sys
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Final

MODULE: Final = "services.ledger.domain.journal"
STANDS: Final = re.compile(r"^RULES_VERSION = (\d+)$", re.MULTILINE)


def raise_rules_version() -> None:
    """Load the module that says it as it will read then.

    A value set later would come too late for whoever has imported it, and for its own defaults.
    """
    assert MODULE not in sys.modules, "others have read the version already"
    spec = find_spec(MODULE)
    assert spec is not None, "it is a module"
    assert spec.origin is not None, "it is a file"
    source = Path(spec.origin).read_text(encoding="utf-8")
    module = sys.modules[MODULE] = module_from_spec(spec)
    raised, count = STANDS.subn(lambda found: f"RULES_VERSION = {int(found[1]) + 1}", source)
    assert 1 == count, "the version stands there once"
    exec(compile(raised, spec.origin, "exec"), module.__dict__)


if __name__ == "__main__":
    raise_rules_version()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
