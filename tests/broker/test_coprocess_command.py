import shlex
import subprocess
from pathlib import Path

import pytest

from broker.coprocess_command import CoprocessCommand
from bus.errors import SetupError


def test_plain_paths_stay_unquoted() -> None:
    command = CoprocessCommand(Path("/Users/me/.itermbus/env/bin/python"), Path("/opt/itermbus/coprocess/shim.py"))
    assert command.text == ("exec /Users/me/.itermbus/env/bin/python -I -S /opt/itermbus/coprocess/shim.py 2>/dev/null")


@pytest.mark.parametrize("folder", ["with space", "it's", "$HOME `ls`", "back\\slash", "100%", "ümlaut;&|", "*?[a]~"])
def test_any_other_path_reaches_the_program_as_it_is(tmp_path: Path, folder: str) -> None:
    command = CoprocessCommand(Path("/bin/echo"), tmp_path / folder / "coprocess" / "shim.py")
    assert '"' not in command.text
    done = subprocess.run(["/bin/sh", "-c", command.text], capture_output=True, text=True, check=True)
    assert done.stdout == f"-I -S {tmp_path}/{folder}/coprocess/shim.py\n"
    assert command.is_ours(command.text)


@pytest.mark.parametrize("path", ['/a"b/python', "/a\nb/python"])
def test_a_path_that_iterm2_would_spoil_is_refused(path: str) -> None:
    with pytest.raises(SetupError):
        CoprocessCommand(Path(path), Path("/shim.py"))


def test_ours_is_told_from_others() -> None:
    python = Path("/home/me/.itermbus/env/bin/python")
    command = CoprocessCommand(python, Path("/new/site-packages/coprocess/shim.py"))
    before = CoprocessCommand(python, Path("/old checkout/coprocess/shim.py"))
    assert command.is_ours(before.text)
    for other in ("cat", "", f"exec {python} -I -S /my/own.py 2>/dev/null", shlex.join(["exec", "python"])):
        assert not command.is_ours(other)
