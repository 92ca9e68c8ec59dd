"""The plant of the demonstration: four machines, rules, and a bearing that wears out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import grpc

import kurto
from kurto.alerts.v1 import alerts_pb2, rule_service_pb2
from kurto.assets.v1 import asset_service_pb2, assets_pb2
from kurto.calls import answer
from kurto_cli.sources.machines import SimulatedSensor
from kurto_dsp.synthesis import Fault, MachineModel, SeverityRamp

SITE_ID = "demo"
MACHINE_CLASS = "group 1 rigid"
_CALL_TIMEOUT_S = 10.0

Request = TypeVar("Request")
Response = TypeVar("Response")


@dataclass(frozen=True)
class DemoMachine:
    """One machine of the demonstration.

    Parameters
    ----------
    machine_id, display_name : str
        The machine; its sensor bears the same id.
    model : MachineModel
        How it vibrates.
    """

    machine_id: str
    display_name: str
    model: MachineModel


def demo_machines() -> tuple[DemoMachine, ...]:
    """Return the machines: a healthy one, two with a small fault, and one that fails.

    The bearing of the last one passes the warning limit within a minute and the critical one
    within two.
    """
    return (
        DemoMachine("pump-7", "Cooling water pump 7", _model(1, 24.9, Fault.NONE, 0.0, 0.0)),
        DemoMachine("fan-2", "Exhaust fan 2", _model(2, 16.5, Fault.IMBALANCE, 0.15, 0.15)),
        DemoMachine("motor-3", "Conveyor motor 3", _model(3, 29.6, Fault.INNER_RACE, 0.02, 0.02)),
        DemoMachine(
            "compressor-1", "Air compressor 1", _model(4, 29.95, Fault.OUTER_RACE, 0.0, 0.8)
        ),
    )


def _model(seed: int, shaft_hz: float, fault: Fault, initial: float, final: float) -> MachineModel:
    ramp = SeverityRamp(initial, final, start_s=15.0, duration_s=120.0)
    return MachineModel(fault=fault, severity=ramp, seed=seed, shaft_hz=shaft_hz)


def simulated_sensors() -> list[SimulatedSensor]:
    """Return the sensors of the machines."""
    return [
        SimulatedSensor(
            sensor_id=machine.machine_id,
            model=machine.model,
            machine_id=machine.machine_id,
            display_name=machine.display_name,
            machine_class=MACHINE_CLASS,
        )
        for machine in demo_machines()
    ]


def demo_rules() -> tuple[alerts_pb2.Rule, ...]:
    """Return the rules: acceleration sees the bearing, velocity imbalance and misalignment."""
    return (
        _rule("demo-acceleration", "Acceleration", "rms", "g", warning=0.6, critical=1.2),
        # Where zones C and D of the machines' class begin.
        _rule("demo-velocity", "Velocity", "velocity_rms", "mm/s", warning=4.5, critical=7.1),
    )


def _rule(
    rule_id: str, name: str, feature: str, unit: str, *, warning: float, critical: float
) -> alerts_pb2.Rule:
    levels = [
        alerts_pb2.Level(severity=alerts_pb2.SEVERITY_WARNING, limit=warning),
        alerts_pb2.Level(severity=alerts_pb2.SEVERITY_CRITICAL, limit=critical),
    ]
    return alerts_pb2.Rule(
        rule_id=rule_id,
        display_name=name,
        feature=feature,
        unit=unit,
        operator=alerts_pb2.OPERATOR_ABOVE,
        levels=levels,
        selector=alerts_pb2.ChannelSelector(
            sensor_ids=[machine.machine_id for machine in demo_machines()]
        ),
    )


async def prepare(client: kurto.Client) -> None:
    """Make site, machines and rules, unless they are there.

    Raises
    ------
    kurto.CallError
        If a service refuses or does not answer.
    """
    site = assets_pb2.Site(site_id=SITE_ID, display_name="Demonstration plant")
    await _made(client.assets.CreateSite, asset_service_pb2.CreateSiteRequest(site=site), client)
    for demo in demo_machines():
        machine = assets_pb2.Machine(
            machine_id=demo.machine_id,
            site_id=SITE_ID,
            display_name=demo.display_name,
            nominal_speed_rpm=60.0 * demo.model.shaft_hz,
        )
        await _made(
            client.assets.CreateMachine,
            asset_service_pb2.CreateMachineRequest(machine=machine),
            client,
        )
    for rule in demo_rules():
        await _made(client.rules.CreateRule, rule_service_pb2.CreateRuleRequest(rule=rule), client)


async def _made(
    call: grpc.aio.UnaryUnaryMultiCallable[Request, Response],
    request: Request,
    client: kurto.Client,
) -> None:
    """Call a create method; that the thing exists already is as good."""
    try:
        await answer(call(request, metadata=client.metadata, timeout=_CALL_TIMEOUT_S))
    except kurto.CallError as error:
        if error.code != grpc.StatusCode.ALREADY_EXISTS:
            raise
