"""`ecluse topics`, `ecluse acls`: topics and rights on the cluster, as the repository has them."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from events.texts import Translatable, _, ngettext, pgettext
from services.cli.terminal.options import USER, As, AsJson, Command, Group
from services.cli.terminal.output import print_json
from services.cli.terminal.screen import Screen
from services.runtime.kafka import acls as rights_on_cluster
from services.runtime.kafka import topics as topics_on_cluster
from services.runtime.kafka.acls import (
    Acl,
    Changes,
    QuotaDifference,
    apply_quotas,
    quota_differences,
)
from services.runtime.kafka.topic_catalogue import Difference, TopicOptions, read_catalogue
from services.runtime.ops.settings import Settings
from services.texts.translation import both

EXIT_DIFFERENT: Final = 1

CREATED = _("{topic}: created, {partitions} partitions")
MENDED = _("{topic}: {setting} is now {wanted}, and was {found}")
TOPICS_ALIKE = ngettext(
    "{count} topic is as it should be.", "All {count} topics are as they should be."
)
DIFFERENCES = ngettext("{count} difference.", "{count} differences.")

Partitions = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Partitions of every topic; else as many as they have, on a new cluster 12.",
    ),
]
ReplicationFactor = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=32767,
        help="Replicas of every topic; else 3 where there are so many brokers.",
    ),
]

topics_app = typer.Typer(cls=Group, no_args_is_help=True)


@topics_app.callback()
def topics() -> None:
    """The topics on the cluster of ECLUSE_BOOTSTRAP_SERVERS: what differs, and mending it."""


@topics_app.command("diff", cls=Command)
def compare_topics(
    partitions: Partitions = None,
    replication_factor: ReplicationFactor = None,
    as_json: AsJson = False,
) -> None:
    """Say what is not as schemas/topics.yaml has it; exit 1 if anything is not.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    screen = Screen()
    asked = TopicOptions(partitions, replication_factor)
    catalogue = read_catalogue()
    found = asyncio.run(topics_on_cluster.differences(catalogue, Settings(), asked))
    if as_json:
        print_json({"differences": [_topic_row(each) for each in found]})
    else:
        _say_topics(screen, found, len(catalogue.topics))
    if found:
        raise typer.Exit(EXIT_DIFFERENT)


@topics_app.command("apply", cls=Command)
def mend_topics(
    partitions: Partitions = None,
    replication_factor: ReplicationFactor = None,
    as_json: AsJson = False,
) -> None:
    """Create what is missing and mend settings; exit 1 if something is left that it may not touch.

    The number of partitions of a topic is never changed: keys would move to other partitions.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    screen = Screen()
    asked = TopicOptions(partitions, replication_factor)
    catalogue = read_catalogue()
    done = asyncio.run(topics_on_cluster.apply(catalogue, Settings(), asked))
    if as_json:
        print_json(
            {
                "created": done.created,
                "mended": [_topic_row(each) for each in done.mended],
                "differences": [_topic_row(each) for each in done.left],
            }
        )
    else:
        for topic in done.created:
            screen.say(CREATED.render({"topic": topic, "partitions": done.partitions}))
        for each in done.mended:
            facts = {"topic": each.topic, "setting": each.setting}
            screen.say(MENDED.render({**facts, "wanted": each.expected, "found": each.actual}))
        _say_topics(screen, done.left, len(catalogue.topics))
    if done.left:
        raise typer.Exit(EXIT_DIFFERENT)


def _say_topics(screen: Screen, differences: list[Difference], topics_count: int) -> None:
    for each in differences:
        screen.say(each.text)
    message, count = (
        (DIFFERENCES, len(differences)) if differences else (TOPICS_ALIKE, topics_count)
    )
    screen.say(message.render(count))


def _topic_row(each: Difference) -> dict[str, Any]:
    return {
        "topic": each.topic,
        "setting": each.setting,
        "found": each.actual,
        "wanted": each.expected,
        "mendable": each.mendable,
        "message": asdict(both(each.text)),
    }


MISSING = _("{principal} lacks {operation} on {resource} {name}")
SURPLUS = _("{principal} has {operation} on {resource} {name}, and does not need it")
GIVEN = _("{principal}: {operation} on {resource} {name} is given")
TAKEN = _("{principal}: {operation} on {resource} {name} is taken")
QUOTA_DIFFERS = _("{principal}: the quota {name} is {found} instead of {wanted}")
QUOTA_SET = _("{principal}: the quota {name} was {found} and is {wanted}")
UNLIMITED = pgettext("quota", "without limit")
RIGHTS_ALIKE = ngettext(
    "{count} right is as it should be.", "All {count} rights are as they should be."
)

acls_app = typer.Typer(cls=Group, no_args_is_help=True)


@acls_app.callback()
def acls() -> None:
    """The rights on the cluster of ECLUSE_BOOTSTRAP_SERVERS: what differs, and mending it."""


@acls_app.command("diff", cls=Command)
def compare_rights(form: As = USER, as_json: AsJson = False) -> None:
    """Say which rights and quotas of deploy/acls.yaml differ; exit 1 if there is any.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    names of topics and groups begin with ECLUSE_TOPIC_PREFIX.
    """
    settings, rights = Settings(), rights_on_cluster.read_rights()
    want = rights_on_cluster.list_wanted(rights, settings, form)
    found = asyncio.run(rights_on_cluster.differences(want, settings))
    quotas = asyncio.run(quota_differences(rights, settings, form))
    if as_json:
        print_json(_as_json(found, "missing", "surplus", quotas))
    else:
        screen = Screen()
        _say_rights(screen, found, MISSING, SURPLUS)
        _say_quotas(screen, quotas, QUOTA_DIFFERS)
        count = len(found.missing) + len(found.surplus) + len(quotas)
        text = DIFFERENCES if count else RIGHTS_ALIKE
        screen.say(text.render(count or len(want)))
    if any(found) or quotas:
        raise typer.Exit(EXIT_DIFFERENT)


@acls_app.command("apply", cls=Command)
def mend_rights(form: As = USER, as_json: AsJson = False) -> None:
    """Give the principals of deploy/acls.yaml their rights and quotas, and take all others.

    Principals that the file does not name keep what they have.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    names of topics and groups begin with ECLUSE_TOPIC_PREFIX.
    """
    settings, rights = Settings(), rights_on_cluster.read_rights()
    want = rights_on_cluster.list_wanted(rights, settings, form)
    done = asyncio.run(rights_on_cluster.apply(want, settings))
    quotas = asyncio.run(apply_quotas(rights, settings, form))
    if as_json:
        print_json(_as_json(done, "given", "taken", quotas))
    else:
        screen = Screen()
        _say_rights(screen, done, GIVEN, TAKEN)
        _say_quotas(screen, quotas, QUOTA_SET)
        screen.say(RIGHTS_ALIKE.render(len(want)))


def _say_rights(
    screen: Screen, changes: Changes, missing: Translatable, surplus: Translatable
) -> None:
    for message, rights in ((missing, changes.missing), (surplus, changes.surplus)):
        for each in rights:
            screen.say(message.render(_right_row(each)))


def _say_quotas(screen: Screen, quotas: list[QuotaDifference], message: Translatable) -> None:
    for each in quotas:
        limits = {
            key: UNLIMITED if value is None else f"{value:.12g}"
            for key, value in (("found", each.actual), ("wanted", each.expected))
        }
        screen.say(message.render({**_quota_row(each), **limits}))


def _as_json(
    changes: Changes, missing: str, surplus: str, quotas: list[QuotaDifference]
) -> dict[str, Any]:
    return {
        "quotas": [_quota_row(each) for each in quotas],
        missing: [_right_row(each) for each in changes.missing],
        surplus: [_right_row(each) for each in changes.surplus],
    }


def _quota_row(each: QuotaDifference) -> dict[str, Any]:
    return {
        "principal": each.principal,
        "name": each.name,
        "found": each.actual,
        "wanted": each.expected,
    }


def _right_row(acl: Acl) -> dict[str, Any]:
    return {
        "principal": acl.principal,
        "operation": acl.operation.name,
        "resource": acl.resource.name.lower(),
        "pattern": acl.pattern.name.lower(),
        "name": acl.name,
    }
