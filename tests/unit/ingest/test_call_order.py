"""Which Push call may be read."""

from kurto_ingest.pushing.call_order import CallOrder


def test_first_call_may_be_read_at_once() -> None:
    assert CallOrder().may_read(1)


def test_next_call_waits_for_the_end_of_the_one_before() -> None:
    order = CallOrder()
    assert not order.may_read(2)
    order.end(1)
    assert order.may_read(2)
    assert not order.may_read(3)


def test_ends_may_come_in_any_order() -> None:
    order = CallOrder()
    order.end(3)
    order.end(2)
    assert not order.may_read(4)
    order.end(1)
    assert order.may_read(4)


def test_call_that_never_came_is_given_up() -> None:
    order = CallOrder()
    order.give_up_before(5)
    assert order.may_read(5)
    assert not order.may_read(6)
    order.end(5)
    order.end(2)  # it came after all: too late to matter
    assert order.may_read(6)


def test_call_without_a_number_is_not_ordered() -> None:
    assert CallOrder().may_read(0)
