"""What a worker measures of itself."""

from workers.pty.meter import Meter


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def turn(meter: Meter, clock: Clock, waited: float, worked: float, output_bytes: int) -> None:
    clock.now += waited
    meter.wakes()
    clock.now += worked
    meter.waits(output_bytes)


def test_the_rate_is_that_of_the_last_second() -> None:
    clock = Clock()
    meter = Meter(clock)
    for i in range(1, 5):
        turn(meter, clock, 0.25, 0.0, 1000 * i)
    assert meter.rate == 4000
    turn(meter, clock, 1.0, 0.0, 4000)
    assert meter.rate == 0


def test_the_lag_is_the_longest_turn_and_is_forgotten_after_two_seconds() -> None:
    clock = Clock()
    meter = Meter(clock)
    turn(meter, clock, 0.1, 0.3, 0)
    turn(meter, clock, 0.1, 0.1, 0)
    assert abs(meter.lag - 0.3) < 1e-9
    turn(meter, clock, 1.0, 0.0, 0)
    assert abs(meter.lag - 0.3) < 1e-9
    turn(meter, clock, 1.0, 0.0, 0)
    assert meter.lag == 0
