from bus.limits import CREDIT_BYTES
from workers.gateway.credit import Window


def test_what_is_used_is_gone_and_what_was_not_sent_comes_back() -> None:
    window = Window(100)
    window.use(60)
    assert window.most(1000) == 40
    window.rewind(10)
    assert window.most(1000) == 90
    window.add(5)
    assert window.most(1000) == 95


def test_credit_is_bounded_and_no_window_is_no_bound() -> None:
    window = Window(1)
    for _ in range(3):
        window.add(CREDIT_BYTES)
    assert window.most(CREDIT_BYTES * 2) == CREDIT_BYTES
    assert Window(None).most(10**15) == 10**15
