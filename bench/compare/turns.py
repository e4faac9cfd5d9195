"""How much is done, and taking turns: A B A B, so that what the machine does meanwhile meets all of them alike."""

from collections.abc import Callable, Mapping

from bench.compare.report import Figure, Report

MB = 1_000_000

#: What one measurement gives: key -> value.
Values = dict[str, float]


class Size:
    """Rounds, and a factor for the amounts of each."""

    def __init__(self, rounds: int, factor: float) -> None:
        self.rounds = rounds
        self._factor = factor

    def of(self, amount: int) -> int:
        return max(1, int(amount * self._factor))

    def fewer(self, rounds: int) -> "Size":
        """The same with at most so many rounds, for what takes long and hardly varies."""
        return Size(min(self.rounds, rounds), self._factor)


def turns(size: Size, report: Report, measures: Mapping[str, Callable[[], Values]]) -> dict[str, dict[str, Figure]]:
    """Measures each of `measures` once a round: its name -> key -> figure."""
    found: dict[str, dict[str, Figure]] = {name: {} for name in measures}
    for number in range(size.rounds):
        for name, measure in measures.items():
            report.doing(f"round {number + 1} of {size.rounds}: {name}")
            for key, value in measure().items():
                found[name].setdefault(key, Figure()).values.append(value)
    return found
