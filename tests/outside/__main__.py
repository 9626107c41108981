"""Write down what people and programs see of Écluse: `python -m tests.outside FOLDER`.

The folder holds the console's pages in both languages, the answers and files of the API, what the
commands print and exit with, metrics and topics. `make outside` compares the folder of this tree
with that of a commit. What differs between two runs of one program is masked.
"""

import io
import logging
import re
import shutil
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import structlog
from lxml import html
from typer.main import get_command

from services.cli.app import app
from tests.api.a_watch import a_watch
from tests.api.lag_scenes import at_night
from tests.browser.console import NOW, OPERATOR_KEY, a_console, a_read_model
from tests.integration.command import ecluse

ROOT: Final = Path(__file__).resolve().parents[2]
QUERIES_MAX: Final = 12
"""How many queries of one path are asked: filters and pages of a list lead on and on."""

MASKED: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", b"UUID"),
        (rb"127\.0\.0\.1:\d+", b"ADDRESS"),
        (rb'(<input[^>]*name="(?:csrf|token|id)"[^>]*value=")[^"]*', rb"\1VALUE"),
        (rb'("request_id": ?")[^"]*', rb"\1ID"),
        (rb'("timestamp": ?")[^"]*', rb"\1TIME"),
        (rb'("age_s": ?)\d+', rb"\1AGE"),
        (rb"\d[\d,\xc2\xa0\xe2\x80\xaf]* (days|jours) \d+ h", b"AGE"),
        (rb"(?m)^(\w+_(?:created|seconds_sum|seconds_bucket)\{.*\}) \S+$", rb"\1 FIGURE"),
        (rb"/tmp/\w+", b"/FOLDER"),
        (re.escape(str(ROOT)).encode(), b"ROOT"),
    )
)


def mask(content: bytes) -> bytes:
    """Replace what differs between two runs of one program."""
    for pattern, name in MASKED:
        content = pattern.sub(name, content)
    return content


def keep(folder: Path, name: str, answer: httpx.Response) -> None:
    """Write an answer: status, type, and its bytes; of a zip archive its members."""
    content = answer.content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"".join(
                f"\n{member}\n".encode() + archive.read(member)
                for member in archive.namelist()
                if "docProps" not in member
            )
    head = f"{answer.status_code} {answer.headers.get('content-type')}\n"
    path = folder / re.sub(r"[^\w.=&?-]", "_", name)[:200]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head.encode() + mask(content))


def addresses(document: dict[str, Any]) -> Iterator[str]:
    """The addresses of the OpenAPI document without a hole, which are no streams."""
    for path, methods in sorted(document["paths"].items()):
        answers = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if "get" in methods and "{" not in path and "text/event-stream" not in answers:
            yield path


def crawl(client: httpx.Client, folder: Path, language: str, starts: list[str]) -> None:
    """Follow every link from these addresses; each page is asked once."""
    waiting, known, queries = [*starts], {*starts}, Counter[str]()
    headers = {"accept-language": language}
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path, headers=headers)
        keep(folder, f"{path.strip('/') or 'root'}", answer)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        for element, _attribute, link, _position in html.fromstring(answer.content).iterlinks():
            target, _fragment = urldefrag(urljoin(str(answer.url), link))
            path = target.removeprefix(str(client.base_url).rstrip("/"))
            followed = element.tag in {"a", "link", "script", "img"} and path.startswith("/")
            if not followed or path in known or "logout" in path or "/stream" in path:
                continue
            known.add(path)
            queries[urlsplit(path).path] += 1
            if queries[urlsplit(path).path] <= QUERIES_MAX:
                waiting.append(path)
    print(f"{language}: {len(known)} addresses")


def write_answers(folder: Path, work: Path) -> None:
    """Write pages and answers over the scenario of the browser's tests, by its clock."""
    (work / "scenario").mkdir()
    scene = at_night(NOW)
    with (
        a_watch(scene.answers) as watch,
        a_console(a_read_model(work / "scenario"), watch.url) as console,
        httpx.Client(
            base_url=console.url,
            headers={"authorization": f"Bearer {OPERATOR_KEY}"},
            follow_redirects=True,
            timeout=60,
        ) as client,
    ):
        document = client.get("/openapi.json").json()
        api = [*addresses(document), "/openapi.json", "/asyncapi.json", "/metrics"]
        for language in ("fr", "en"):
            crawl(client, folder / language, language, ["/console", "/console/lag", "/docs", *api])


def commands(command: Any, *words: str) -> Iterator[tuple[str, ...]]:
    """Every command and group by its words, as their help lists them."""
    yield words
    for word, each in getattr(command, "commands", {}).items():
        yield from commands(each, *words, word)


def write_run(path: Path, *arguments: str) -> None:
    """Write what a command prints and exits with."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ran = ecluse(*arguments)
    path.write_bytes(mask(b"%d\n%s\n--\n%s" % (ran.code, ran.out, ran.err.encode())))


def write_commands(folder: Path, work: Path) -> None:
    """Write all helps in both languages, and what commands say of the recorded histories."""
    for language in ("fr", "en"):
        for words in commands(get_command(app)):
            path = folder / "help" / language / ("-".join(words) or "ecluse")
            write_run(path, *words, "--help", "--lang", language)
        for history in sorted((ROOT / "tests/golden").glob("*.events.jsonl")):
            runs = folder / "runs" / language / history.name.partition(".")[0]
            kept = str(work / f"{language}-{history.stem}")
            write_run(runs / "replay", "replay", str(history), "--lang", language)
            write_run(runs / "json", "replay", str(history), "--json")
            write_run(runs / "kept", "replay", str(history), "--db", kept, "--lang", language)
            for name in ("verify", "balances", "parked"):
                write_run(runs / name, name, "--db", kept, "--lang", language)
                write_run(runs / f"{name}-json", name, "--db", kept, "--json")


def main() -> None:
    """Write the folder that the command line names."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    folder = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(dir="/tmp") as work:
        write_answers(folder / "http", Path(work))
        write_commands(folder, Path(work))
    shutil.copy(ROOT / "schemas/topics.yaml", folder)


if __name__ == "__main__":
    main()
