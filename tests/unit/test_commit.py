"""A page of figures names the commit of their code, and says where it had changes."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commit import commit_of

AS = ("-c", "user.name=Marie", "-c", "user.email=marie@example.org")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree with one commit."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("1")
    (tmp_path / "rules.py").write_text("1")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, *AS, "commit", "--quiet", "--no-gpg-sign", "-m", "first")
    return tmp_path


def git(tree: Path, *words: str) -> str:
    asked = ["git", "-C", str(tree), *words]
    return subprocess.run(asked, capture_output=True, check=True, text=True).stdout.strip()


def test_the_commit_is_named(tree: Path) -> None:
    head = git(tree, "rev-parse", "HEAD")
    assert f"`{head}`" == commit_of(tree)
    (tree / "docs" / "page.md").write_text("2")
    assert f"`{head}`" == commit_of(tree), "a page is no code"


@pytest.mark.parametrize("name", ["rules.py", "new.py"])
def test_code_that_is_not_committed_is_reported(tree: Path, name: str) -> None:
    (tree / name).write_text("2")
    assert f"`{git(tree, 'rev-parse', 'HEAD')}`, with changes" == commit_of(tree)


def test_where_there_is_no_git_nothing_is_said(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None


def test_before_the_first_commit_nothing_is_said(tree: Path) -> None:
    shutil.rmtree(tree / ".git")
    git(tree, "init", "--quiet")
    assert commit_of(tree) is None
