"""How storage is judged."""

from dataclasses import replace

from kurto_ingest.space.storage_state import DiskReport, StorageFacts, StorageState, judge, problems

WELL = StorageFacts(
    commit_lag_s=0.1,
    commits_fail=False,
    disk=DiskReport(free_ratio=0.5),
    realtime_enabled=True,
    analyzer_connected=True,
)


def test_all_is_well() -> None:
    assert judge(WELL) is StorageState.OK
    assert problems(WELL) == []


def test_the_worst_counts_and_everything_is_said() -> None:
    shedding = replace(WELL, disk=DiskReport(free_ratio=0.08, shedding=True))
    assert judge(shedding) is StorageState.SHEDDING
    assert "8.0% free" in problems(shedding)[0]
    failing = replace(shedding, commits_fail=True)
    assert judge(failing) is StorageState.DEGRADED
    assert len(problems(failing)) == 2
    stopped = replace(failing, disk=DiskReport(stopped=True, shedding=True))
    assert judge(stopped) is StorageState.STOPPED
    slow = replace(WELL, commit_lag_s=2.5)
    assert judge(slow) is StorageState.DEGRADED
    assert "2.5 s" in problems(slow)[0]


def test_analysis_that_is_off_or_away_is_said_and_does_not_degrade_storage() -> None:
    off = replace(WELL, realtime_enabled=False, analyzer_connected=False)
    assert judge(off) is StorageState.OK
    assert "KURTO_INGEST_REALTIME_ENABLED" in problems(off)[0]
    away = replace(WELL, analyzer_connected=False)
    assert len(problems(away)) == 1
