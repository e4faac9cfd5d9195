"""`.ci/run` on a machine that lacks everything: what it installs, what it prints last, how it exits.

apt-get and make are stand-ins here: the real ones need the network and an hour.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from bus.paths import CODE

TOOLS = ("sh", "dirname", "sed", "mktemp", "tee", "grep", "tail", "cat", "rm", "timeout", "id", "env", "chmod", "cp")


class Machine:
    """A PATH with a few tools, an apt-get that makes what it is asked for, and a `make` that runs `tests`."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        (self.checkout / ".ci").mkdir(parents=True)
        shutil.copy(CODE / ".ci" / "run", self.checkout / ".ci" / "run")
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.asked = folder / "asked"
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found
            (self.bin / tool).symlink_to(found)
        self.script("apt-cache", "exit 0")
        # What apt-get "installs" by any name is one script that stands for all of it.
        self.script("tests", "exit 0")
        self.script(
            "apt-get",
            f'echo "$@" >>{self.asked}\n'
            f"for name in git make node socat tmux python3.11; do cp {self.bin}/tests {self.bin}/$name; done",
        )

    def script(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.checkout / ".ci" / "run")],
            env={"PATH": str(self.bin)},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(("code", "closing"), [(0, "= 12 passed in 3.40s ="), (2, "= 1 failed, 11 passed in 3.40s =")])
def test_it_installs_what_is_missing_and_passes_the_result_on(machine: Machine, code: int, closing: str) -> None:
    machine.script("tests", f'echo "{closing}"\necho "make: *** something after it"\nexit {code}')
    done = machine.run()
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[-1] == closing
    update, install = machine.asked.read_text().splitlines()
    assert "update" in update
    assert {"git", "make", "nodejs", "socat", "tmux", "python3.11", "python3.11-venv"} <= set(install.split())


def test_it_installs_nothing_that_is_there(machine: Machine) -> None:
    for name in ("git", "make", "node", "socat", "tmux"):
        machine.script(name, "exit 0")
    machine.script("python3", "exit 0")
    assert machine.run().returncode == 0
    assert not machine.asked.exists()


def test_it_installs_only_what_is_missing(machine: Machine) -> None:
    for name in ("git", "make", "socat", "tmux", "python3.11"):
        machine.script(name, "exit 0")
    assert machine.run().returncode == 0
    assert machine.asked.read_text().splitlines()[-1].split()[-1] == "nodejs"
    assert "python" not in machine.asked.read_text()
