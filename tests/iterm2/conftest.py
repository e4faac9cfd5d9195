"""The iTerm2 that runs on this Mac as the host of the conformance tests.

Each test works in a window of its own and closes what it made; sessions that were there before are never touched, and
must still be there afterwards. iTerm2 has to run with its Python API on. Nothing of this could be run where the other
tests run.
"""

import asyncio

import iterm2
import pytest

from tests.conformance.stage import Play, Scene, Stage, perform


@pytest.fixture
def play() -> Play:
    def run(scene: Scene) -> None:
        async def guarded(stage: Stage) -> None:
            others = _sessions(stage.app) - set(stage.made)
            try:
                await scene(stage)
            finally:
                await stage.app.async_refresh()
                lost = others - _sessions(stage.app)
                assert not lost, "a session that was there before is gone: closed by its user, or by this test"

        asyncio.run(perform(guarded))

    return run


def _sessions(app: iterm2.App) -> set[str]:
    """Every session, buried ones too."""
    shown = {s.session_id for window in app.windows for tab in window.tabs for s in tab.sessions}
    return shown | {s.session_id for s in app.buried_sessions}
