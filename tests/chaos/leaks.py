"""What there is of processes, descriptors, files and memory, to be compared before and after."""

from dataclasses import dataclass

import psutil

from tests.chaos.instance import Instance
from tests.support import processes_of

#: Descriptors that a process may have more than before: connections come and go.
_MORE_DESCRIPTORS = 12

#: Memory that one process may have more than before, in bytes: caches fill, buffers are kept.
_MORE_MEMORY = 96 << 20


@dataclass(frozen=True)
class Inventory:
    """One count. Keys are the roles of processes; of several, the largest counts."""

    processes: dict[str, int]
    descriptors: dict[str, int]
    memory: dict[str, int]
    files: frozenset[str]

    def compare(self, after: "Inventory") -> list[str]:
        """What grew, in words."""
        grown = []
        # A killed shim is not replaced while its worker lives.
        shims, now = self.processes.get("shim.py", 0), after.processes.get("shim.py", 0)
        if after.processes | {"shim.py": max(shims, now)} != self.processes | {"shim.py": shims}:
            grown.append(f"processes: {self.processes} before, {after.processes} after")
        for role, count in after.descriptors.items():
            if count > self.descriptors.get(role, 0) + _MORE_DESCRIPTORS:
                grown.append(f"descriptors of {role}: {self.descriptors.get(role)} before, {count} after")
        for role, size in after.memory.items():
            if size > self.memory.get(role, 0) + _MORE_MEMORY:
                grown.append(f"memory of {role}: {self.memory.get(role, 0) >> 20} MiB before, {size >> 20} MiB after")
        if more := after.files - self.files:
            grown.append(f"files: {sorted(more)}")
        return grown


def take(instance: Instance) -> Inventory:
    """Counts what there is now."""
    processes: dict[str, int] = {}
    descriptors: dict[str, int] = {}
    memory: dict[str, int] = {}
    for process in processes_of(instance.home):
        try:
            role = _role(process)
            descriptors[role] = max(descriptors.get(role, 0), process.num_fds())
            memory[role] = max(memory.get(role, 0), process.memory_info().rss)
            processes[role] = processes.get(role, 0) + 1
        except psutil.Error:
            continue
    names = (path.relative_to(instance.paths.root) for path in instance.paths.root.rglob("*"))
    # Logs are rotated, which the size and number in supervisord.conf bound.
    files = frozenset(str(name) for name in names if name.parts[0] != "log")
    return Inventory(dict(sorted(processes.items())), descriptors, memory, files)


def _role(process: psutil.Process) -> str:
    arguments = process.cmdline()
    for argument in arguments[1:]:
        if argument in ("broker", "workers.gateway", "workers.pty", "headless", "headless.emulator"):
            return argument
        if argument.endswith(("supervisord", "shim.py", "printer.py", "recorder.py")):
            return argument.rpartition("/")[2]
    return "itermbus" if "itermbus" in arguments else process.name()
