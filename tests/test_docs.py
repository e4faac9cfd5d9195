"""Every command in the documentation is run by a test, or says beside it why not: mostly that it needs a Mac."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples" / "README.md",
    ROOT / "clients" / "node" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]

#: The pages whose blocks marked `run` are run, by tests/itermbus/test_docs.py.
_RUN = ("cli.md", "quick-start.md", "troubleshooting.md")

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_MARKER = re.compile(r"<!-- (run|test|Mac|not run)(?:: (.+))? -->$")
_TEST_FILE = re.compile(r"(?:tests|clients/node/test)/[\w/]+\.(?:test\.mjs|py)")

#: Code that a reader would copy. JSON, TOML and drawings are none.
_CODE = ("sh", "bash", "console", "js", "mjs", "ts", "python", "py")

#: How a line of an indented block begins that is a command.
_COMMAND = re.compile(
    r" {4,}(?:\$ )?(?:itermbus|make|npm|npx|node|pip|pipx|python\S*|supervis\w+|launchctl|eval|cp|sudo) "
)


def _blocks() -> Iterator[tuple[Path, str, str, str]]:
    """Page, language, code and the line before, of each fenced block."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            yield page, found[2], found[3], text[: found.start()].rstrip("\n").rpartition("\n")[2].strip()


def _tests() -> str:
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "clients" / "node" / "test").glob("*.mjs")]
    return "".join(file.read_text(encoding="utf-8") for file in files if file != Path(__file__))


def test_every_block_of_code_says_what_becomes_of_it() -> None:
    for page, language, code, before in _blocks():
        if language in _CODE:
            assert _MARKER.fullmatch(before), f"{page}: nothing says which test runs this, or why none does:\n{code}"
        else:
            assert language in ("", "toml", "json", "ini"), f"{page}: is {language!r} to be run?"


def test_what_a_marker_says_is_so() -> None:
    tests = _tests()
    for page, _, code, before in _blocks():
        if (marker := _MARKER.fullmatch(before)) is None:
            continue
        kind, more = marker[1], marker[2] or ""
        if kind == "run":
            assert page.name in _RUN, f"{page}: no test runs the blocks of this page:\n{code}"
        elif kind == "test":
            assert re.search(rf"""["']{re.escape(more)}["']""", tests), f"{page}: no test names {more!r}"
        elif kind == "not run":
            assert more, f"{page}: why not?\n{code}"
            for name in _TEST_FILE.findall(more):
                assert (ROOT / name).is_file(), f"{page}: there is no {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_command_hides_in_an_indented_block(page: Path) -> None:
    """They have no place for a marker."""
    outside = _FENCE.sub("", page.read_text(encoding="utf-8"))
    lines = outside.split("\n")
    for before, line in pairwise(lines):
        assert before.strip() or not _COMMAND.match(line), f"{page}: {line.strip()}"
