"""When a process that ended is started again."""

from kurto_cli.stack.restarts import RestartPolicy, RestartRecord

POLICY = RestartPolicy(
    first_delay_s=0.5, factor=2, longest_delay_s=3, healthy_after_s=30, attempts=3
)


def ready_record() -> RestartRecord:
    record = RestartRecord(POLICY)
    record.ready()
    return record


def test_waits_grow_up_to_the_longest() -> None:
    record = ready_record()
    assert [record.ended(1) for _ in range(5)] == [0.5, 1, 2, 3, 3]


def test_a_process_that_ran_long_starts_with_a_clean_record() -> None:
    record = ready_record()
    for _ in range(4):
        record.ended(1)
    assert record.ended(30) == 0.5
    assert record.ended(29.9) == 1


def test_a_process_that_was_never_ready_is_given_up() -> None:
    record = RestartRecord(POLICY)
    assert [record.ended(100) for _ in range(3)] == [0.5, 1, None]


def test_a_process_that_was_ready_once_is_never_given_up() -> None:
    record = RestartRecord(POLICY)
    record.ended(1)
    record.ready()
    assert all(record.ended(1) is not None for _ in range(5_000))
