"""A launcher's tool for machines without one: a script that notes what it was called with and answers as told."""

import shlex
from pathlib import Path

#: What makes a unit or an agent known, what makes it unknown, and what asks.
_SCRIPT = """#!/bin/sh
echo "$*" >> {log}
case " $* " in
*" bootstrap "*|*" enable --now "*) {load} ;;
*" bootout "*|*" disable --now "*) {unload} ;;
*" print "*|*" is-enabled "*) test -e {state} ;;
esac
"""


class Launcher:
    """`calls`: the arguments of each call. `works`: whether it can load anything."""

    def __init__(self, folder: Path, name: str, works: bool = True, late: float = 0) -> None:
        """`late`: seconds after which what was unloaded is unloaded; negative for never."""
        self.path = folder / name
        self._log = folder / f"{name}.calls"
        self._state = folder / f"{name}.loaded"
        state = shlex.quote(str(self._state))
        load = f"touch {state}" if works else "echo 'Bootstrap failed: 5: Input/output error' >&2; exit 5"
        unload = (
            "true" if late < 0 else f"(sleep {late}; rm -f {state}) >/dev/null 2>&1 &" if late else f"rm -f {state}"
        )
        script = _SCRIPT.format(log=shlex.quote(str(self._log)), state=state, load=load, unload=unload)
        self.path.write_text(script)
        self.path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    @property
    def loaded(self) -> bool:
        return self._state.exists()
