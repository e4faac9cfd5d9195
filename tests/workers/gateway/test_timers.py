from workers.gateway.timers import Timers


def test_calls_are_made_in_order_once_they_are_due() -> None:
    now = 0.0
    timers = Timers(lambda: now)
    made: list[str] = []
    timers.after(2.0, lambda: made.append("b"))
    timers.after(1.0, lambda: made.append("a"))
    cancelled = timers.after(0.5, lambda: made.append("never"))
    assert timers.seconds_left(10.0) == 0.5
    cancelled.cancel()
    assert timers.seconds_left(10.0) == 1.0
    now = 1.5
    timers.run_due()
    assert made == ["a"]
    now = 5.0
    timers.run_due()
    assert made == ["a", "b"]
    assert timers.seconds_left(10.0) == 10.0
