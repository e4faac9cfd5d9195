"""Whatever a user does in whatever order, and whatever notices are lost: the broker ends with the host's truth.

ITERMBUS_RANDOM=SEEDS runs that many sequences, each of another seed, instead of the two of a normal run;
ITERMBUS_RANDOM=SEEDS,FIRST begins at the seed that failed.
"""

import json
import os
import random
from collections.abc import Callable, Iterator

import psutil
import pytest

from broker import iterm2_act, iterm2_create, iterm2_look
from broker.iterm2_link import Link
from broker.listing import read_listing
from broker.model import Listing
from bus.errors import RequestError
from tests.broker.agreement import wait_agreement
from tests.broker.host import Host, running_host
from tests.broker.system import System, running_system
from tests.broker.user import bury, call, restart, set_profile
from tests.support import temporary_home, wait_until

_SEEDS, _, _FIRST = os.environ.get("ITERMBUS_RANDOM", "2,1").partition(",")
SEEDS = range(int(_FIRST or 1), int(_FIRST or 1) + int(_SEEDS))

#: Actions of one sequence, and sessions at once: more of them find nothing more and take longer.
STEPS = 12
SESSIONS = 6


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Host, System]]:
    with (
        temporary_home() as home,
        running_host(home, undo_seconds=1) as host,
        running_system(home, headless=False) as system,
    ):
        yield host, system


class User:
    """Does one thing after the other, chosen by a seed."""

    def __init__(self, host: Host, system: System, seed: int) -> None:
        self.host = host
        self.system = system
        self.random = random.Random(seed)
        self.closed: list[str] = []
        self.did: list[str] = []

    def act(self) -> None:
        """One action. What the host refuses, because its state does not allow it, was worth a try."""
        listing = self.as_user(_listing)
        live = sorted(listing.session_ids())
        if not live:
            self.did.append("create_window")
            return self.create_window(listing, "")
        (action,) = self.random.choices(list(ACTIONS), list(ACTIONS.values()))
        if action in (User.create_tab, User.create_window, User.split) and len(live) >= SESSIONS:
            action = User.close
        session_id = self.random.choice(live)
        self.did.append(f"{action.__name__} {session_id[:4]}")
        try:
            action(self, listing, session_id)
        except RequestError as error:
            self.did[-1] += f" (refused: {error})"
        return None

    def as_user(self, act: Callable[[Link], object]) -> object:
        return self.system.as_user(act)

    def by_hand(self, fault: str, session_id: str, **more: object) -> None:
        """What the host's user does with keys and mouse. The session may have ended since it was chosen."""
        self.host.ask(request="fault", fault=fault, session=session_id, **more)

    def create_tab(self, listing: Listing, _session_id: str) -> None:
        window_id = self.random.choice(listing.windows).window_id if listing.windows else None
        self.as_user(lambda link: iterm2_create.create_tab(link, window_id=window_id))

    def create_window(self, _listing: Listing, _session_id: str) -> None:
        self.as_user(lambda link: iterm2_create.create_tab(link, window_id=None))

    def split(self, _listing: Listing, session_id: str) -> None:
        vertical, before = self.random.random() < 0.5, self.random.random() < 0.5
        self.as_user(
            lambda link: iterm2_create.split_pane(
                link, session_id, vertical=vertical, before=before, profile=None, command=None
            )
        )

    def close(self, _listing: Listing, session_id: str) -> None:
        self.closed.append(session_id)
        self.by_hand("close", session_id)

    def undo_close(self, _listing: Listing, _session_id: str) -> None:
        if self.closed:
            self.by_hand("undo_close", self.closed.pop())

    def move_to_tab(self, _listing: Listing, session_id: str) -> None:
        self.as_user(lambda link: call(link, f"iterm2.move_session_to_new_tab(session: {json.dumps(session_id)})"))

    def move_to_window(self, _listing: Listing, session_id: str) -> None:
        self.as_user(lambda link: call(link, f"iterm2.move_session_to_new_window(session: {json.dumps(session_id)})"))

    def select(self, _listing: Listing, session_id: str) -> None:
        self.by_hand("select", session_id)

    def bury(self, listing: Listing, session_id: str) -> None:
        buried = any(pane.session_id == session_id for pane in listing.buried)
        self.as_user(lambda link: bury(link, session_id, not buried))

    def resize(self, _listing: Listing, session_id: str) -> None:
        columns, rows = self.random.randint(60, 120), self.random.randint(20, 50)
        self.as_user(lambda link: iterm2_act.set_grid_size(link, session_id, columns, rows))

    def exit_shell(self, _listing: Listing, session_id: str) -> None:
        action = self.random.choice((0, 1, 2))
        self.as_user(lambda link: set_profile(link, session_id, {"Close Sessions On End": action}))
        self.by_hand("type", session_id, text="exit\n")

    def restart(self, _listing: Listing, session_id: str) -> None:
        self.as_user(lambda link: restart(link, session_id))

    def stop_coprocess(self, _listing: Listing, session_id: str) -> None:
        self.by_hand("stop_coprocess", session_id)

    def run_coprocess(self, _listing: Listing, session_id: str) -> None:
        self.by_hand("stop_coprocess", session_id)
        self.by_hand("run_coprocess", session_id, command="exec sleep 600")

    def quit_host(self, _listing: Listing, _session_id: str) -> None:
        self.host.stop() if self.random.random() < 0.5 else self.host.kill()
        self.closed.clear()
        self.host.start()

    def drop_clients(self, _listing: Listing, _session_id: str) -> None:
        self.host.fault("drop_clients")

    def disturb(self, _listing: Listing, _session_id: str) -> None:
        drop, duplicate, reorder = (self.random.choice((0, 0.3, 1)) for _ in range(3))
        seed = self.random.randint(0, 1000)
        self.host.fault("notifications", seed=seed, drop=drop, duplicate=duplicate, reorder=reorder)


#: What a user does, and how often.
ACTIONS: dict[Callable[[User, Listing, str], None], int] = {
    User.create_tab: 4,
    User.create_window: 2,
    User.split: 4,
    User.close: 4,
    User.undo_close: 3,
    User.move_to_tab: 2,
    User.move_to_window: 2,
    User.select: 3,
    User.bury: 2,
    User.resize: 2,
    User.exit_shell: 4,
    User.restart: 2,
    User.stop_coprocess: 2,
    User.run_coprocess: 3,
    User.quit_host: 1,
    User.drop_clients: 1,
    User.disturb: 3,
}


async def _listing(link: Link) -> Listing:
    return read_listing(await iterm2_look.list_sessions(link))


@pytest.mark.parametrize("seed", SEEDS)
def test_any_sequence_ends_with_the_hosts_truth(pair: tuple[Host, System], seed: int) -> None:
    host, system = pair
    user = User(host, system, seed)
    try:
        for _ in range(STEPS):
            user.act()
        wait_agreement(host, system, seconds=40)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}, {user.did}: {error}") from None
    finally:
        host.fault("notifications")


def test_ten_restarts_of_the_host_leave_nothing_behind(pair: tuple[Host, System]) -> None:
    host, system = pair
    before: dict[str, int] = {}
    for number in range(11):
        host.stop() if number % 2 else host.kill()
        host.start()
        wait_agreement(host, system)
        if not before:
            # From the second host on: the first may have left fewer sockets open.
            before = descriptors(system)
    # Whoever asked a moment ago may not have hung up yet.
    wait_until(lambda: descriptors(system) == before, f"as many descriptors as before: {before}")


def descriptors(system: System) -> dict[str, int]:
    programs = {"broker": system.pid("broker"), "gateway": system.pid("gateway")}
    programs["supervisord"] = int(system.paths.supervisor_pid.read_text())
    return {name: psutil.Process(pid).num_fds() for name, pid in programs.items()}
