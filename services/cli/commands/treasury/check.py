"""The file of the accountant's codes, judged before it is used, for people and for programs."""

from dataclasses import asdict
from typing import BinaryIO, Final

from events.texts import _, ngettext
from services.cli.terminal.output import display_name, print_json, say
from services.texts.system_errors import error_text
from services.texts.translation import both
from services.treasury.config.accountant import FileFault, judge

WITHOUT_FAULT: Final = _("{file}: {budgets}, {third_parties}; it has no fault.")
FAULTS: Final = ngettext("{file}: {count} fault.", "{file}: {count} faults.")
BUDGETS: Final = ngettext("{count} budget", "{count} budgets")
THIRD_PARTIES: Final = ngettext(
    "{count} third party in the directory", "{count} third parties in the directory"
)


def is_without_fault(file: BinaryIO, *, as_json: bool) -> bool:
    """True where nothing is to be mended; else each fault is printed."""
    name = display_name(file)
    try:
        config, faults = judge(file.read().decode())
    except UnicodeDecodeError as error:
        config, faults = None, [FileFault(None, "", error_text(error))]
    budgets = 0 if config is None else len(config.budgets)
    third_parties = 0 if config is None else len(config.third_parties)
    if as_json:
        rows = [
            {"line": each.line, "pointer": each.pointer, "message": asdict(both(each.text))}
            for each in faults
        ]
        print_json({"budgets": budgets, "third_parties": third_parties, "faults": rows})
        return not faults
    for each in faults:
        say(each.sentence)
    if faults:
        say(FAULTS.render(len(faults), file=name))
    else:
        counts = {
            "budgets": BUDGETS.render(budgets),
            "third_parties": THIRD_PARTIES.render(third_parties),
        }
        say(WITHOUT_FAULT.render({"file": name, **counts}))
    return not faults
