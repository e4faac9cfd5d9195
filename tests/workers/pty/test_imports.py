"""What a worker loads: there is one for each session, so each module counts a hundred times."""

import subprocess
import sys

from bus.paths import CODE


def test_it_loads_nothing_that_it_does_not_need() -> None:
    program = "import sys, workers.pty.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=CODE, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "workers.pty.loop" in loaded
    assert not {"asyncio", "dataclasses", "importlib.metadata", "inspect", "subprocess", "tomllib"} & loaded
