"""Findings, and the judgements that make them of what was seen. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from events.lag import Stage
from events.lag import State as LagState
from events.texts import Day, Translatable, _, ngettext, pgettext
from services.lag.judge.states import Rule
from services.lag.present import texts as lag_texts


class State(StrEnum):
    """The result of a check."""

    OK = "ok"
    TROUBLE = "trouble"
    """A person must do something; the text says what."""
    UNKNOWN = "unknown"
    """It could not be made: never as good as OK."""


class Part(StrEnum):
    """The part of a deployment that is examined, in the order of the output."""

    SETTINGS = "settings"
    KAFKA = "kafka"
    LEDGER = "ledger"
    CONSUMERS = "consumers"
    DATABASES = "databases"
    CERTIFICATES = "certificates"


class Finding(NamedTuple):
    """One line of the examination."""

    part: Part
    name: str
    """The name of the check for programs, such as `topics`."""
    state: State
    text: Translatable
    where: str | None = None
    """What it is about, where there are several: a topic, a partition, a database, a file."""


NO_ANSWER: Final = _("no answer in {limit_s:g} s")
NOT_MADE: Final = _("not known as long as it does not answer")


def ok(part: Part, name: str, text: Translatable, where: str | None = None) -> Finding:
    """A check that found nothing to do."""
    return Finding(part, name, State.OK, text, where)


def trouble(part: Part, name: str, text: Translatable, where: str | None = None) -> Finding:
    """A check that needs a person."""
    return Finding(part, name, State.TROUBLE, text, where)


def unknown(part: Part, name: str, text: Translatable, where: str | None = None) -> Finding:
    """A check that could not be made."""
    return Finding(part, name, State.UNKNOWN, text, where)


def not_made(part: Part, names: Iterable[str], where: str) -> list[Finding]:
    """Checks that depend on something that does not answer."""
    return [unknown(part, each, NOT_MADE, where) for each in names]


def count(checks: Iterable[Finding], state: State) -> int:
    """The number of checks with this result."""
    return sum(each.state is state for each in checks)


# ---------------------------------------------------------------- Kafka

RELEASES: Final[Mapping[int, str]] = {
    7: "3.3",
    8: "3.4",
    9: "3.5",
    12: "3.6",
    15: "3.7",
    20: "3.8",
    21: "3.9",
    22: "4.0",
    26: "4.1",
    28: "4.2",
    30: "4.3",
    31: "4.4",
}
"""Kafka's releases by the first `metadata.version` of each; a newer one counts as the last."""

BROKER = _("It answers {principal}: Kafka {release}, cluster {cluster}.")
OLD_BROKER = _("it is older than Kafka 3.3, or runs without KRaft: upgrade it")


def broker(where: str, level: int | None, cluster: str, principal: str) -> Finding:
    """The version of a broker, by the newest `metadata.version` that it knows."""
    first = max((each for each in RELEASES if level is not None and each <= level), default=None)
    if first is None:
        return trouble(Part.KAFKA, "broker", OLD_BROKER, where)
    facts = {"principal": principal, "release": RELEASES[first], "cluster": cluster}
    return ok(Part.KAFKA, "broker", BROKER.render(facts), where)


NO_LEADER = _(
    "partitions {partitions} have no leader: nobody can read or write there. Start the brokers that"
    " keep them ({brokers})"
)
NOT_IN_SYNC = _(
    "partitions {partitions} have replicas that are not in sync, on brokers {brokers}: start them,"
    " or look into their log and disk"
)
NOT_SEEN = _("not known of {topics}: not there, or this principal may not see them")
IN_SYNC = ngettext(
    "The replicas of {count} topic are in sync.", "The replicas of all {count} topics are in sync."
)


def replicas(topics: Iterable[Mapping[str, Any]], absent: Sequence[str] = ()) -> list[Finding]:
    """Partitions without a leader, and replicas that are behind; as metadata shows the topics."""
    found, seen = _report_absent("replicas", absent), 0
    for topic in topics:
        seen += 1
        for is_so, text in ((_is_leaderless, NO_LEADER), (_is_behind, NOT_IN_SYNC)):
            partitions = [each for each in topic["partitions"] if is_so(each)]
            if partitions:
                away = {each for one in partitions for each in _away(one)}
                facts = {
                    "partitions": tuple(sorted(each["partition"] for each in partitions)),
                    "brokers": tuple(sorted(away)),
                }
                found.append(trouble(Part.KAFKA, "replicas", text.render(facts), topic["topic"]))
    return found or [ok(Part.KAFKA, "replicas", IN_SYNC.render(seen))]


def _report_absent(check: str, topics: Sequence[str]) -> list[Finding]:
    """The line of topics at which nobody could look."""
    text = NOT_SEEN.render({"topics": tuple(topics)})
    return [unknown(Part.KAFKA, check, text)] if topics else []


def _is_leaderless(partition: Mapping[str, Any]) -> bool:
    return bool(partition["leader"] < 0)


def _is_behind(partition: Mapping[str, Any]) -> bool:
    return not _is_leaderless(partition) and bool(_away(partition))


def _away(partition: Mapping[str, Any]) -> set[int]:
    return set(partition["replicas"]) - set(partition["isr"])


class Range(NamedTuple):
    """The values that a broker takes for one of our settings, in milliseconds."""

    setting: str
    ours_ms: int
    least_ms: int | None
    """None where the broker does not show it."""
    most_ms: int | None
    of_the_broker: str
    """The broker's setting that it goes beyond."""


OUT_OF_RANGE = _(
    "{setting} is {ours_s:g} s, and the broker takes {least_s:g} to {most_s:g} s ({name}): no"
    " process could join or write. Change one of them"
)
NOT_SHOWN = _("not known: the broker does not show {name}")
IN_RANGE = _("The broker takes our time-outs.")


def limits(ranges: Iterable[Range]) -> list[Finding]:
    """Time-outs that the broker does not take."""
    found = []
    for each in ranges:
        if each.least_ms is None or each.most_ms is None:
            text = NOT_SHOWN.render({"name": each.of_the_broker})
            found.append(unknown(Part.KAFKA, "limits", text, each.setting))
        elif not each.least_ms <= each.ours_ms <= each.most_ms:
            facts = {
                "setting": each.setting,
                "ours_s": each.ours_ms / 1000,
                "least_s": each.least_ms / 1000,
                "most_s": each.most_ms / 1000,
                "name": each.of_the_broker,
            }
            text = OUT_OF_RANGE.render(facts)
            found.append(trouble(Part.KAFKA, "limits", text, each.setting))
    return found or [ok(Part.KAFKA, "limits", IN_RANGE)]


class TransactionAge(NamedTuple):
    """A transaction that is open in a partition."""

    place: str
    first_offset: int
    producer_id: int
    open_s: float
    """Since the last record of its producer, by the clocks of both."""
    limit_s: float
    """From this age on it cannot be one that goes on."""


HANGS = _(
    "a transaction of producer {producer_id} has been open there since offset {first_offset}, for"
    " {open_s:.0f} s: readers of what is committed stand still. Start the process that writes"
    " there, which completes its own; of a stranger: kafka-transactions.sh find-hanging"
)
NO_TRANSACTION_HANGS = _("No transaction hangs.")


def transactions(
    open_transactions: Iterable[TransactionAge], absent: Sequence[str] = ()
) -> list[Finding]:
    """Transactions that are open for longer than any of ours may be."""
    hanging = _report_absent("transactions", absent) + [
        trouble(Part.KAFKA, "transactions", HANGS.render(each._asdict()), each.place)
        for each in open_transactions
        if each.open_s > each.limit_s
    ]
    return hanging or [ok(Part.KAFKA, "transactions", NO_TRANSACTION_HANGS)]


# ---------------------------------------------------------------- consumers


WELL: Final = frozenset({LagState.OK, LagState.NO_TRAFFIC})
NOT_REPORTED = _("Kafka says nothing of this group now: its coordinator may be away.")


def consumer(stage: Stage) -> Finding:
    """The state of a consumer group, as the watch judges it."""
    # The watch says of itself that it has not looked.
    unsaid = stage.rule in {Rule.NOT_SAMPLED, Rule.CLUSTER_SILENT}
    rule = NOT_REPORTED if unsaid else lag_texts.name_code(lag_texts.RULES, stage.rule)
    if stage.state in WELL:
        return ok(Part.CONSUMERS, "consumer", rule, stage.group)
    if stage.rule in {Rule.JUST_BEGUN, Rule.MARKERS_ALONE}:
        return unknown(Part.CONSUMERS, "consumer", rule, stage.group)
    text = Translatable("{rule} {remedy}", {"rule": rule, "remedy": lag_texts.remedy(stage)})
    return trouble(Part.CONSUMERS, "consumer", text, stage.group)


# ---------------------------------------------------------------- clocks and disks

SKEW_MAX_S: Final = 5.0
"""The difference of two clocks from which on ages, statuses and tokens are judged wrongly."""

SKEWED = _(
    "the clock of this machine is {skew_s:.0f} s {direction} that of {whose}: set both by the same"
    " source (NTP)"
)
AHEAD = pgettext("clock", "ahead of")
BEHIND = pgettext("clock", "behind")
IN_STEP = _("The clock of this machine is in step with that of {whose}.")


def clock(
    part: Part,
    whose: Translatable | str,
    before_s: float,
    theirs_s: float,
    after_s: float,
    where: str | None = None,
) -> Finding:
    """The clock of a server, which it said between two looks at ours: no more is a difference."""
    ahead_s, behind_s = before_s - theirs_s, theirs_s - after_s
    skew_s = max(ahead_s, behind_s)
    if skew_s <= SKEW_MAX_S:
        return ok(part, "clock", IN_STEP.render({"whose": whose}), where)
    facts = {"whose": whose, "skew_s": skew_s}
    direction = AHEAD if ahead_s > behind_s else BEHIND
    return trouble(part, "clock", SKEWED.render({**facts, "direction": direction}), where)


FREE_SHARE_MIN: Final = 0.05
FREE_BYTES_MIN: Final = 1024**3
FULL = _(
    "only {free_mb:.0f} MB are free there, of {total_mb:.0f}: make room before it is full, since"
    " nothing can be written then"
)
FREE = _("{free_mb:.0f} MB are free of {total_mb:.0f}")


def disk(part: Part, total_bytes: int, free_bytes: int, where: str) -> Finding:
    """The space on a disk: a twentieth of it and a GiB are free, or it is nearly full."""
    facts = {"free_mb": free_bytes / 1e6, "total_mb": total_bytes / 1e6}
    if free_bytes < max(FREE_BYTES_MIN, FREE_SHARE_MIN * total_bytes):
        return trouble(part, "disk", FULL.render(facts), where)
    return ok(part, "disk", FREE.render(facts), where)


# ---------------------------------------------------------------- databases

STANDBY = _("it is a standby, which takes no writes: name the primary in the address")
LACKS_IN_DATABASE = _("{role} lacks {rights} on {names}: `ecluse database grants --apply` gives it")
NOT_THERE_YET = _("not known of {names}, which {role} needs, as long as it is not there")
MAY_IN_DATABASE = _("{role} may do all that it needs.")


class Privilege(NamedTuple):
    """A right that a role has on a database, on a schema, or on a table or sequence of it."""

    schema: str
    """Or the database."""
    table: str | None
    right: str


def privileges(
    where: str,
    role: str,
    wants: Iterable[Privilege],
    has: frozenset[Privilege],
    absent: Sequence[str] = (),
) -> list[Finding]:
    """The rights that a role of a database lacks; a line for each that lacks the same ones."""
    lacking: dict[str, list[str]] = {}
    for each in wants:
        if each not in has:
            name = each.schema if each.table is None else f"{each.schema}.{each.table}"
            lacking.setdefault(name, []).append(each.right)
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, rights in lacking.items():
        alike.setdefault(tuple(rights), []).append(name)
    found = []
    for missing, names in alike.items():
        facts: dict[str, Any] = {"role": role, "rights": missing, "names": tuple(names)}
        found.append(trouble(Part.DATABASES, "rights", LACKS_IN_DATABASE.render(facts), where))
    if absent:
        facts = {"role": role, "names": tuple(absent)}
        found.append(unknown(Part.DATABASES, "rights", NOT_THERE_YET.render(facts), where))
    return found or [ok(Part.DATABASES, "rights", MAY_IN_DATABASE.render({"role": role}), where)]


VERSION = _("{name} {version} answers")
OLD_VERSION = _("{name} {version} answers, and {least} is the oldest that is known to do: upgrade")


def database(where: str, name: str, version: tuple[int, ...], least: tuple[int, ...]) -> Finding:
    """The version of a database's server or library."""
    facts = {"name": name, "version": _join_version(version), "least": _join_version(least)}
    if version < least:
        return trouble(Part.DATABASES, "version", OLD_VERSION.render(facts), where)
    return ok(Part.DATABASES, "version", VERSION.render(facts), where)


def _join_version(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


NO_TABLES = _("there are no tables: start {maker}, which makes them")
TO_BE_MADE = _("the tables are made at the start of {maker}")
OLDER = _("its schema is {found}, and this program needs {head}: start {maker}, which brings it up")
NEWER = _("its schema ({found}) is of a newer Écluse: upgrade this one")
CURRENT = _("its schema is {found}, as this program knows it")


def schema(
    where: str, version: str | None, known: Sequence[str], maker: str, *, before_start: bool
) -> Finding:
    """The version of a schema against those that this program knows, the newest first."""
    facts = {"found": version, "head": known[0], "maker": maker}
    if version is not None and version not in known:
        return trouble(Part.DATABASES, "schema", NEWER.render(facts), where)
    if version == known[0]:
        return ok(Part.DATABASES, "schema", CURRENT.render(facts), where)
    if before_start:
        return ok(Part.DATABASES, "schema", TO_BE_MADE.render(facts), where)
    text = NO_TABLES if version is None else OLDER
    return trouble(Part.DATABASES, "schema", text.render(facts), where)


# ---------------------------------------------------------------- certificates

SOON: Final = timedelta(days=30)
EXPIRES = _("{subject} expires on {day}: renew it")
EXPIRED = _("{subject} expired on {day}: renew it")
LASTS = _("{subject} is valid until {day}")


def certificate(where: str, subject: str, ends_at: datetime, now: datetime) -> Finding:
    """A certificate that is valid for thirty days more, or must be renewed."""
    facts = {"subject": subject, "day": Day(ends_at.date().isoformat())}
    if ends_at - now < SOON:
        text = EXPIRES if ends_at > now else EXPIRED
        return trouble(Part.CERTIFICATES, "certificate", text.render(facts), where)
    return ok(Part.CERTIFICATES, "certificate", LASTS.render(facts), where)
