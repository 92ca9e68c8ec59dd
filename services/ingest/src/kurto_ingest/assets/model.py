"""What is measured: sites, machines, sensors and their channels."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from kurto_ingest.assets.machine_data import MachineData
from kurto_ingest.assets.process_values import ProcessValueDefinition, load_of
from kurto_ingest.assets.retention import DEFAULT_CLASS, RetentionClass, RetentionPolicy
from kurto_ingest.streams.stream_format import WINDOW_HOPS, StreamFormat, hop_length

__all__ = ["Burst", "Channel", "Coupling", "Machine", "Sensor", "SensorConfig", "Site"]


class Coupling(IntEnum):
    """How a channel is coupled; the numbers are those of ``kurto.assets.v1.Coupling``."""

    UNSPECIFIED = 0
    AC = 1
    DC = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place with machines; times are None until it is stored."""

    site_id: str
    display_name: str = ""
    archived: bool = False
    create_time: datetime | None = None
    update_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A rotating machine; times are None until it is stored."""

    machine_id: str
    site_id: str
    display_name: str = ""
    nominal_speed_rpm: float | None = None
    archived: bool = False
    create_time: datetime | None = None
    update_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One measured direction; `full_scale` and `bias_range`, lower and upper, are in `unit`."""

    name: str
    unit: str
    full_scale: float | None = None
    sensitivity_mv_per_unit: float | None = None
    coupling: Coupling = Coupling.UNSPECIFIED
    position: str = ""
    bias_range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A sensor that wakes up, takes `length_samples` per channel, and sleeps again."""

    length_samples: int
    interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorConfig:
    """Everything that the analysis must know about a sensor; `burst` is None when continuous."""

    version: int
    sample_rate_hz: float
    channels: tuple[Channel, ...]
    burst: Burst | None = None
    machine: MachineData = field(default_factory=MachineData)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels in the order in which samples are sent."""
        return tuple(channel.name for channel in self.channels)

    @property
    def load(self) -> ProcessValueDefinition | None:
        """The process value that is the load of the machine, if one is declared."""
        return load_of(self.machine.process_values)

    @property
    def hop_samples(self) -> int:
        """Samples per channel in a hop: 0.1 s, or one burst."""
        return self.burst.length_samples if self.burst else hop_length(self.sample_rate_hz)

    @property
    def window_hops(self) -> int:
        """Hops in a window."""
        return 1 if self.burst else WINDOW_HOPS

    @property
    def burst_interval_us(self) -> int:
        """Time from one burst to the next in microseconds; 0 for continuous sensors."""
        return round(self.burst.interval_s * 1e6) if self.burst else 0

    @property
    def hop_interval_s(self) -> float:
        """Time from one hop to the next."""
        if self.burst:
            return self.burst.interval_s
        return self.hop_samples / self.sample_rate_hz

    def fits(self, stream_format: StreamFormat) -> bool:
        """Tell whether a stream that was opened before goes on under this configuration."""
        return (
            self.sample_rate_hz == stream_format.sample_rate_hz
            and self.channel_names == stream_format.channels
            and self.hop_samples == stream_format.hop_samples
            and self.window_hops == stream_format.window_hops
            and self.burst_interval_us == stream_format.burst_interval_us
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A converter whose channels are sampled together.

    `retention` None stands for the service's default. `sensor_key`, `revision` and
    `retention_class` are the service's own: a short number for stored rows, the place of the last
    change among the changes of all sensors, and the class that stored rows get by the policy.
    """

    sensor_id: str
    config: SensorConfig
    machine_id: str = ""
    display_name: str = ""
    tags: tuple[str, ...] = ()
    retention: RetentionPolicy | None = None
    monitored: bool = True
    archived: bool = False
    create_time: datetime | None = None
    update_time: datetime | None = None
    sensor_key: int = 0
    revision: int = 0
    retention_class: RetentionClass = DEFAULT_CLASS
