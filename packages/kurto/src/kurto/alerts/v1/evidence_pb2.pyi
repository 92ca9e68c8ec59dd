import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.analyzer.v1 import diagnoses_pb2 as _diagnoses_pb2
from kurto.signal.v1 import spectra_pb2 as _spectra_pb2
from kurto.signal.v1 import spectrum_pb2 as _spectrum_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EvidenceSource(_message.Message):
    __slots__ = ("sensor_id", "channel")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("alert_id", "first_moment", "last_moment", "start_time", "end_time", "store_time", "sources", "source", "waveform", "spectrum", "baseline_spectrum", "baseline_id", "diagnoses", "remarks")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_MOMENT_FIELD_NUMBER: _ClassVar[int]
    LAST_MOMENT_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    STORE_TIME_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    WAVEFORM_FIELD_NUMBER: _ClassVar[int]
    SPECTRUM_FIELD_NUMBER: _ClassVar[int]
    BASELINE_SPECTRUM_FIELD_NUMBER: _ClassVar[int]
    BASELINE_ID_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSES_FIELD_NUMBER: _ClassVar[int]
    REMARKS_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    first_moment: _timestamp_pb2.Timestamp
    last_moment: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    store_time: _timestamp_pb2.Timestamp
    sources: _containers.RepeatedCompositeFieldContainer[EvidenceSource]
    source: EvidenceSource
    waveform: _spectra_pb2.Waveform
    spectrum: _spectrum_pb2.Spectrum
    baseline_spectrum: _spectrum_pb2.Spectrum
    baseline_id: int
    diagnoses: _containers.RepeatedCompositeFieldContainer[_diagnoses_pb2.Diagnosis]
    remarks: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, alert_id: _Optional[str] = ..., first_moment: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_moment: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., store_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sources: _Optional[_Iterable[_Union[EvidenceSource, _Mapping]]] = ..., source: _Optional[_Union[EvidenceSource, _Mapping]] = ..., waveform: _Optional[_Union[_spectra_pb2.Waveform, _Mapping]] = ..., spectrum: _Optional[_Union[_spectrum_pb2.Spectrum, _Mapping]] = ..., baseline_spectrum: _Optional[_Union[_spectrum_pb2.Spectrum, _Mapping]] = ..., baseline_id: _Optional[int] = ..., diagnoses: _Optional[_Iterable[_Union[_diagnoses_pb2.Diagnosis, _Mapping]]] = ..., remarks: _Optional[_Iterable[str]] = ...) -> None: ...
