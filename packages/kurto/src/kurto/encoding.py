"""NumPy arrays to the planar bytes of the contract, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kurto.signal.v1 import samples_pb2

EncodingName = Literal["f32", "i16", "i24"]

_ENCODINGS: dict[str, samples_pb2.SampleEncoding] = {
    "f32": samples_pb2.SAMPLE_ENCODING_F32LE,
    "i16": samples_pb2.SAMPLE_ENCODING_I16LE,
    "i24": samples_pb2.SAMPLE_ENCODING_I24LE,
}
_INTEGER_BITS = {"i16": 16, "i24": 24}
_NDIM = 2


@dataclass(frozen=True)
class SampleFormat:
    """How samples travel.

    Parameters
    ----------
    name : {"f32", "i16", "i24"}
        Encoding.
    scale : float, optional
        Unit per integer step; required for ``"i16"`` and ``"i24"``.

    Raises
    ------
    ValueError
        If the name is unknown or the scale is missing, not finite or not positive.
    """

    name: EncodingName = "f32"
    scale: float | None = None

    def __post_init__(self) -> None:
        """Check the fields against each other."""
        if self.name not in _ENCODINGS:
            raise ValueError(f"encoding is {self.name!r}; use one of {', '.join(_ENCODINGS)}")
        if self.name == "f32" and self.scale is not None:
            raise ValueError("scale is for i16 and i24; leave it out with f32")
        if self.name != "f32" and not (self.scale and np.isfinite(self.scale) and self.scale > 0):
            raise ValueError(f"{self.name} needs a scale > 0 (unit per integer step)")

    @property
    def proto(self) -> samples_pb2.SampleEncoding:
        """The value of the contract's enum."""
        return _ENCODINGS[self.name]

    @property
    def scales(self) -> list[float]:
        """The ``scales`` of OpenStream."""
        return [] if self.scale is None else [self.scale]

    def encode(self, samples: npt.ArrayLike, channel_count: int) -> npt.NDArray[Any]:
        """Return samples in their travelling form.

        Parameters
        ----------
        samples : array_like [shape=(channels, n) or (n,) for one channel]
            Values in the channel's unit, or, for integer arrays with ``"i16"`` and ``"i24"``, steps
            of the converter. Values beyond the integer range are clipped to it.
        channel_count : int > 0
            Channels that the sensor has.

        Returns
        -------
        np.ndarray [shape=(channels, n, ...)]
            C-contiguous copy: rows of ``<f4``, ``<i2``, or three bytes a sample.

        Raises
        ------
        ValueError
            If the shape is wrong.
        """
        array = np.asarray(samples)
        if array.ndim == 1 and channel_count == 1:
            array = array[np.newaxis, :]
        if array.ndim != _NDIM or array.shape[0] != channel_count:
            raise ValueError(
                f"samples have shape {array.shape}, not ({channel_count}, n): one row a channel"
            )
        if self.name == "f32":
            return np.array(array, dtype="<f4", order="C")
        return self._to_integers(array)

    def _to_integers(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        limit = 2 ** (_INTEGER_BITS[self.name] - 1)
        if not np.issubdtype(array.dtype, np.integer):
            if not np.isfinite(array).all():
                raise ValueError(f"{self.name} cannot hold NaN or infinity; use f32 or clean them")
            array = np.rint(np.asarray(array, dtype=np.float64) / (self.scale or 1.0))
        steps = np.clip(array, -limit, limit - 1)
        if self.name == "i16":
            return np.ascontiguousarray(steps, dtype="<i2")
        wide = np.ascontiguousarray(steps, dtype="<i4")
        return np.ascontiguousarray(wide.view(np.uint8).reshape(*wide.shape, 4)[..., :3])
