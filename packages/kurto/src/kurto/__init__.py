"""kurto SDK: stream vibration samples, read features, follow and acknowledge alerts.

>>> import kurto
>>> async def send(array):
...     async with kurto.connect("localhost:8080") as client:
...         async with client.open_sensor(
...             "pump-7",
...             sample_rate_hz=25600,
...             channels=["horizontal", "vertical"],
...             unit="g",
...         ) as stream:
...             await stream.push(array)
"""

from kurto.client import Client
from kurto.connection import connect
from kurto.exceptions import (
    BufferDirectoryError,
    BufferFullError,
    CallError,
    ConfigurationMismatchError,
    KurtoError,
    NotDurableError,
    StreamClosedError,
)
from kurto.frames import ChannelFrame, Frame
from kurto.machine_data import BearingGeometry
from kurto.process_values import ProcessValueDefinition
from kurto.progress import Progress
from kurto.sample_arrays import SampleArray
from kurto.sample_buffer import DiskUsage
from kurto.sender_options import SenderOptions
from kurto.sensor_stream import SensorStream
from kurto.sensors import Burst
from kurto.stored_samples import SamplesChunk, SamplesHeader, SamplesHole, SamplesPiece

__all__ = [
    "BearingGeometry",
    "BufferDirectoryError",
    "BufferFullError",
    "Burst",
    "CallError",
    "ChannelFrame",
    "Client",
    "ConfigurationMismatchError",
    "DiskUsage",
    "Frame",
    "KurtoError",
    "NotDurableError",
    "ProcessValueDefinition",
    "Progress",
    "SampleArray",
    "SamplesChunk",
    "SamplesHeader",
    "SamplesHole",
    "SamplesPiece",
    "SenderOptions",
    "SensorStream",
    "StreamClosedError",
    "connect",
]
__version__ = "0.1.0"
