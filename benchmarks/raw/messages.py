"""Messages of a Push call, serialised without a protobuf object for each: a load that is cheap."""

from __future__ import annotations

import numpy as np

from kurto.ingest.v1 import ingest_service_pb2 as pb

CHANNELS = ("horizontal", "vertical")
SAMPLE_RATE_HZ = 25600.0
HOP = 2560
HOP_S = HOP / SAMPLE_RATE_HZ
VARIANTS = 16
"""Different payloads of a sensor, by hop number modulo this."""

_BATCH_FIELD = pb.PushRequest.BATCH_FIELD_NUMBER
_BYTES_TYPE = 2
_PLANAR_TAG = 3 << 3 | _BYTES_TYPE


def payloads(sensor_id: str) -> list[bytes]:
    """Return the samples of a sensor, by hop number modulo `VARIANTS`; noise, never flat."""
    random = np.random.default_rng(list(sensor_id.encode()))
    values = random.normal(0.0, 4000.0, (VARIANTS, len(CHANNELS), HOP))
    return [values[k].astype("<i2").tobytes() for k in range(VARIANTS)]


class SensorMessages:
    """Makes the messages of one sensor.

    Parameters
    ----------
    sensor_id : str
        The sensor.
    slot : int
        Its slot in every call.
    """

    def __init__(self, sensor_id: str, slot: int) -> None:
        self.sensor_id = sensor_id
        self.slot = slot
        self._fields = [_field(_PLANAR_TAG, samples) for samples in payloads(sensor_id)]
        self._slot_field = b"\x08" + _varint(slot) if slot else b""

    def start(self, epoch: int, fence: int, number: int) -> bytes:
        """Return the message that names the sensor in call `number`."""
        start = pb.StreamStart(
            slot=self.slot,
            sensor_id=self.sensor_id,
            epoch=epoch,
            fence=fence,
            stream_number=number,
        )
        return pb.PushRequest(start=start).SerializeToString()

    def batch(self, hop: int) -> bytes:
        """Return the message with the samples of a hop."""
        index = b"\x08" + _varint(hop * HOP) if hop else b""
        samples = _field(2 << 3 | _BYTES_TYPE, index + self._fields[hop % VARIANTS])
        return _field(_BATCH_FIELD << 3 | _BYTES_TYPE, self._slot_field + samples)


def _field(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
