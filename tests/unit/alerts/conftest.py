"""A client of the services of rules and alerts, with the roles that a test says."""

from collections.abc import AsyncIterator

import pytest
from tests.unit.alerts.rpc_service import NOW, Catalogue, Ranges, Service

from kurto.alerts.v1.alert_service_pb2_grpc import (
    AlertServiceStub,
    add_AlertServiceServicer_to_server,
)
from kurto.alerts.v1.rule_service_pb2_grpc import (
    RuleServiceStub,
    add_RuleServiceServicer_to_server,
)
from kurto_alerts.fakes import (
    MemoryAlerts,
    MemoryDatabase,
    MemoryOperators,
    MemoryProfiles,
    MemoryReports,
    MemoryRules,
)
from kurto_alerts.fakes.diagnoses import MemoryDiagnoses
from kurto_alerts.fakes.evidence import MemoryEvidence
from kurto_alerts.rule_servicer import RuleServicer
from kurto_alerts.servicer import AlertServicer
from kurto_alerts.trials import RuleTrials, TrialLimits, TrialSources
from kurto_service.identity import ANONYMOUS, Principal
from kurto_service.testing import FakeClock, serve


@pytest.fixture
def principal() -> Principal:
    return ANONYMOUS


@pytest.fixture
async def service(principal: Principal) -> AsyncIterator[Service]:
    database, catalogue, changes = MemoryDatabase(), Catalogue(), list[str]()
    clock = FakeClock(NOW)
    trials = RuleTrials(
        TrialSources(features=Ranges(), diagnoses=MemoryDiagnoses()),
        MemoryProfiles(database),
        TrialLimits(sensor_count=2, window_count=1000, timeout_s=60.0),
        clock,
    )
    rules = RuleServicer(
        MemoryRules(database), catalogue, clock, trials, lambda: changes.append("rules")
    )
    alerts = AlertServicer(
        MemoryAlerts(database),
        MemoryOperators(database),
        MemoryReports(database),
        clock,
        lambda: changes.append("alerts"),
        evidence=MemoryEvidence(database),
    )
    async with serve(
        add_RuleServiceServicer_to_server,
        rules,
        (add_AlertServiceServicer_to_server, alerts),
        principal=principal,
    ) as channel:
        yield Service(
            database, catalogue, RuleServiceStub(channel), AlertServiceStub(channel), changes
        )
