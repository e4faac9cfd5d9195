"""`python -m fuzz [SECONDS] [TARGET...]`: every target for so long, two at a time, and a table of what came of it.

What it finds is kept in `.fuzz/TARGET/`: the corpus that it grew, and `crash-*`, the input of each crash. Exit code 1
when there is one.
"""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from fuzz.targets import SEEDS, TARGETS

_SECONDS = 60
_AT_ONCE = 2
_FOLDER = Path(".fuzz")

#: Longer than a header with everything in it; what matters at other lengths is tested by length.
_LONGEST = 4096
_MEMORY_MB = 1024


class Result(NamedTuple):
    """What one target came to."""

    name: str
    executions: int
    coverage: int
    crashes: int
    said: str


def run(name: str, seconds: int) -> Result:
    """Runs one target in a process of its own."""
    folder = _FOLDER / name
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    before = set(folder.glob("*-*"))
    options = [f"-max_total_time={seconds}", f"-max_len={_LONGEST}", f"-rss_limit_mb={_MEMORY_MB}", "-timeout=10"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "fuzz.one",
            name,
            *options,
            "-print_final_stats=1",
            f"-artifact_prefix={folder}/",
            corpus,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    said = done.stdout.decode(errors="replace")
    crashes = len(set(folder.glob("*-*")) - before) or int(done.returncode != 0)
    return Result(name, _last(r"executed_units: *(\d+)", said), _last(r"cov: (\d+)", said), crashes, said)


def _last(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def main() -> int:
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    names = [word for word in sys.argv[1:] if not word.isdigit()] or list(TARGETS)
    seconds = numbers[0] if numbers else _SECONDS
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        results = list(pool.map(lambda name: run(name, seconds), names))
    print(f"{'TARGET':16}{'EXECUTIONS':>12}{'COVERAGE':>10}{'CRASHES':>9}   ({seconds} s each)")
    for result in results:
        print(f"{result.name:16}{result.executions:12}{result.coverage:10}{result.crashes:9}")
    for result in results:
        if result.crashes:
            print(f"\n{result.name}:\n" + "\n".join(result.said.splitlines()[-40:]))
    return int(any(result.crashes for result in results))


if __name__ == "__main__":
    sys.exit(main())
