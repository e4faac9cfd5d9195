"""Puts the host together, runs it until told to stop, and takes it apart in reverse."""

import asyncio
import logging
import os
import resource
import signal
import socket
from functools import partial

import zmq

from bus import sockets, stat_task
from bus.paths import Paths
from headless import (
    creation,
    ending,
    environment,
    figures,
    jobs,
    listing,
    paths,
    programs,
    pty_session,
    session_news,
    statistics,
)
from headless.config import Config
from headless.control import ControlServer
from headless.cookies import CookieJar
from headless.dispatch import Dispatcher
from headless.errors import StartError
from headless.events import Events
from headless.fault_requests import FaultRequests
from headless.faults import Faults
from headless.host import Host
from headless.model import App
from headless.notifications import Hub
from headless.profiles import ProfileStore
from headless.rpc import Registry
from headless.screen_updates import ScreenUpdates
from headless.screens import Screens
from headless.server import ApiServer
from headless.task_notifier import TaskNotifier
from headless.variables import Scope, Variables

_log = logging.getLogger(__name__)
#: Descriptors the host allows itself; macOS refuses more than 10240 for some calls.
_DESCRIPTORS = 10_240


async def run(config: Config) -> None:
    """Runs a host until SIGTERM or SIGINT; raises StartError if it cannot start."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    _raise_descriptor_limit()
    cookies = CookieJar()
    host = _make_host(config, cookies, loop)
    faults = Faults(host.hub)
    server = ApiServer(paths.api_socket(config.home, config.suite), cookies, Dispatcher(host), faults)
    fault_requests = FaultRequests(host, server, faults) if config.allow_faults else None
    control = ControlServer(
        paths.control_socket(config.home),
        cookies,
        config.suite,
        partial(statistics.collect, host, server),
        None if fault_requests is None else fault_requests.carry_out,
    )
    server.bind()  # first of all: its lock says whether another host runs with this HOME
    try:
        control.bind()
        host.notifier.start()
        host.screens.start()
        if config.open_window:
            profile = creation.make_profile(host, None, {})
            assert profile is not None
            creation.open_window(host, profile)
        # The control socket's path in the same folder is longer, and is checked.
        with zmq.Context() as context, sockets.knowing_publisher(context, None, [Paths(config.home).bus_feed]) as bus:
            await _serve(server, control, host, bus, stopping)
    finally:
        control.close()
        server.close()
        _end_sessions(host)


async def _serve(
    server: ApiServer, control: ControlServer, host: Host, bus: zmq.Socket[bytes], stopping: asyncio.Event
) -> None:
    """Serves all sockets until `stopping` is set; clients are dropped first, so their tasks end by themselves."""
    async with asyncio.TaskGroup() as clients:
        services = [
            clients.create_task(server.serve(clients), name="api server"),
            clients.create_task(control.serve(clients), name="control server"),
            clients.create_task(jobs.poll(host), name="job poller"),
            clients.create_task(
                stat_task.publish(bus, "headless", partial(figures.compose, host, server)), name="figures"
            ),
        ]
        await stopping.wait()
        _log.info("stopping")
        for service in services:
            service.cancel()
        control.close()
        server.close()


def _raise_descriptor_limit() -> None:
    """A session takes two descriptors and its coprocess three; the usual soft limit is 1024, on macOS 256."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _make_host(config: Config, cookies: CookieJar, loop: asyncio.AbstractEventLoop) -> Host:
    hub = Hub()
    notifier = TaskNotifier(loop)
    app = App(variables=Variables(Scope.APP, hub.variable_changed))
    app.variables.update(
        {
            "pid": os.getpid(),
            "localhostName": socket.gethostname(),
            "appBundlePath": "/Applications/iTerm.app",
            "effectiveTheme": "light",
        }
    )
    host = Host(
        config=config,
        cookies=cookies,
        environment=environment.host_environment(),
        app=app,
        profiles=_profiles(config),
        notifier=notifier,
        screens=Screens(
            notifier,
            on_news=lambda number, news: session_news.take(host, number, news),
            on_changed=lambda number: updates.changed(number),
        ),
        hub=hub,
        events=Events(hub, lambda: listing.list_sessions(app)),
        registry=Registry(),
        on_program_ended=ending.program_ended,
    )
    updates = ScreenUpdates(host)
    if config.set_cookie:
        host.preferences[programs.SET_COOKIE] = "true"
    return host


def _profiles(config: Config) -> ProfileStore:
    """The default profile and those of all files. Raises StartError."""
    profiles = ProfileStore()
    for path in config.profiles:
        profiles.load(path)
    return profiles


def _end_sessions(host: Host) -> None:
    """Hangs up on all programs and coprocesses and waits until they are gone; the last step of an orderly end."""
    for session in list(host.app.sessions()):
        if session.undo_timer is not None:
            session.undo_timer.cancel()
        if (task := session.task) is not None:
            host.notifier.post(lambda task=task: task.close(abandon=True))  # type: ignore[misc]  # bound per turn
    host.screens.stop()
    try:
        host.notifier.stop()
    except RuntimeError as error:  # it was never started: something failed before
        _log.debug("byte thread: %s", error)
    pty_session.end_all([program for program in host.programs.values() if program.process.returncode is None])
    _log.info("stopped")


def check(config: Config) -> None:
    """Raises StartError for what can be told before anything is started."""
    if not config.home.is_dir():
        raise StartError(f"HOME is not a folder: {config.home}")
    if config.shell is not None and not os.access(config.shell, os.X_OK):
        raise StartError(f"not an executable file: {config.shell}")
    _profiles(config)
