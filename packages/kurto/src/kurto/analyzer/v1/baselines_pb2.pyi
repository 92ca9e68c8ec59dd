import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BaselineState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BASELINE_STATE_UNSPECIFIED: _ClassVar[BaselineState]
    BASELINE_STATE_LEARNING: _ClassVar[BaselineState]
    BASELINE_STATE_IN_FORCE: _ClassVar[BaselineState]
    BASELINE_STATE_RETIRED: _ClassVar[BaselineState]
    BASELINE_STATE_ABANDONED: _ClassVar[BaselineState]

class LearningCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LEARNING_CAUSE_UNSPECIFIED: _ClassVar[LearningCause]
    LEARNING_CAUSE_COMMISSIONING: _ClassVar[LearningCause]
    LEARNING_CAUSE_BEARING_REPLACED: _ClassVar[LearningCause]
    LEARNING_CAUSE_MAINTENANCE: _ClassVar[LearningCause]
    LEARNING_CAUSE_OPERATION_CHANGED: _ClassVar[LearningCause]

class OperatingState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATING_STATE_UNSPECIFIED: _ClassVar[OperatingState]
    OPERATING_STATE_STOPPED: _ClassVar[OperatingState]
    OPERATING_STATE_START_UP: _ClassVar[OperatingState]
    OPERATING_STATE_RUNNING: _ClassVar[OperatingState]
    OPERATING_STATE_COAST_DOWN: _ClassVar[OperatingState]

class GrowthGrade(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROWTH_GRADE_UNSPECIFIED: _ClassVar[GrowthGrade]
    GROWTH_GRADE_NONE: _ClassVar[GrowthGrade]
    GROWTH_GRADE_WARNING: _ClassVar[GrowthGrade]
    GROWTH_GRADE_CRITICAL: _ClassVar[GrowthGrade]
BASELINE_STATE_UNSPECIFIED: BaselineState
BASELINE_STATE_LEARNING: BaselineState
BASELINE_STATE_IN_FORCE: BaselineState
BASELINE_STATE_RETIRED: BaselineState
BASELINE_STATE_ABANDONED: BaselineState
LEARNING_CAUSE_UNSPECIFIED: LearningCause
LEARNING_CAUSE_COMMISSIONING: LearningCause
LEARNING_CAUSE_BEARING_REPLACED: LearningCause
LEARNING_CAUSE_MAINTENANCE: LearningCause
LEARNING_CAUSE_OPERATION_CHANGED: LearningCause
OPERATING_STATE_UNSPECIFIED: OperatingState
OPERATING_STATE_STOPPED: OperatingState
OPERATING_STATE_START_UP: OperatingState
OPERATING_STATE_RUNNING: OperatingState
OPERATING_STATE_COAST_DOWN: OperatingState
GROWTH_GRADE_UNSPECIFIED: GrowthGrade
GROWTH_GRADE_NONE: GrowthGrade
GROWTH_GRADE_WARNING: GrowthGrade
GROWTH_GRADE_CRITICAL: GrowthGrade

class BaselineFeature(_message.Message):
    __slots__ = ("median", "mad_neper", "value_count")
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    MAD_NEPER_FIELD_NUMBER: _ClassVar[int]
    VALUE_COUNT_FIELD_NUMBER: _ClassVar[int]
    median: float
    mad_neper: float
    value_count: int
    def __init__(self, median: _Optional[float] = ..., mad_neper: _Optional[float] = ..., value_count: _Optional[int] = ...) -> None: ...

class BaselineChannel(_message.Message):
    __slots__ = ("channel", "unit", "features")
    class FeaturesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: BaselineFeature
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[BaselineFeature, _Mapping]] = ...) -> None: ...
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    channel: str
    unit: str
    features: _containers.MessageMap[str, BaselineFeature]
    def __init__(self, channel: _Optional[str] = ..., unit: _Optional[str] = ..., features: _Optional[_Mapping[str, BaselineFeature]] = ...) -> None: ...

class BaselineBin(_message.Message):
    __slots__ = ("operating_bin", "window_count", "channels")
    OPERATING_BIN_FIELD_NUMBER: _ClassVar[int]
    WINDOW_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    operating_bin: str
    window_count: int
    channels: _containers.RepeatedCompositeFieldContainer[BaselineChannel]
    def __init__(self, operating_bin: _Optional[str] = ..., window_count: _Optional[int] = ..., channels: _Optional[_Iterable[_Union[BaselineChannel, _Mapping]]] = ...) -> None: ...

class BaselineEvent(_message.Message):
    __slots__ = ("event_time", "event", "principal", "reason", "event_number", "baseline_id", "sensor_id")
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVENT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    BASELINE_ID_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    event_time: _timestamp_pb2.Timestamp
    event: str
    principal: str
    reason: str
    event_number: int
    baseline_id: int
    sensor_id: str
    def __init__(self, event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event: _Optional[str] = ..., principal: _Optional[str] = ..., reason: _Optional[str] = ..., event_number: _Optional[int] = ..., baseline_id: _Optional[int] = ..., sensor_id: _Optional[str] = ...) -> None: ...

class Baseline(_message.Message):
    __slots__ = ("baseline_id", "sensor_id", "state", "cause", "reason", "principal", "begin_time", "wanted_window_count", "missing_window_count", "create_time", "freeze_time", "end_time", "bins", "events", "operating_bins", "reference_speed_hz", "load_bin_width")
    BASELINE_ID_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    BEGIN_TIME_FIELD_NUMBER: _ClassVar[int]
    WANTED_WINDOW_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_WINDOW_COUNT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    FREEZE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    BINS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    OPERATING_BINS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
    LOAD_BIN_WIDTH_FIELD_NUMBER: _ClassVar[int]
    baseline_id: int
    sensor_id: str
    state: BaselineState
    cause: LearningCause
    reason: str
    principal: str
    begin_time: _timestamp_pb2.Timestamp
    wanted_window_count: int
    missing_window_count: int
    create_time: _timestamp_pb2.Timestamp
    freeze_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    bins: _containers.RepeatedCompositeFieldContainer[BaselineBin]
    events: _containers.RepeatedCompositeFieldContainer[BaselineEvent]
    operating_bins: _containers.RepeatedScalarFieldContainer[str]
    reference_speed_hz: float
    load_bin_width: float
    def __init__(self, baseline_id: _Optional[int] = ..., sensor_id: _Optional[str] = ..., state: _Optional[_Union[BaselineState, str]] = ..., cause: _Optional[_Union[LearningCause, str]] = ..., reason: _Optional[str] = ..., principal: _Optional[str] = ..., begin_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., wanted_window_count: _Optional[int] = ..., missing_window_count: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., freeze_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., bins: _Optional[_Iterable[_Union[BaselineBin, _Mapping]]] = ..., events: _Optional[_Iterable[_Union[BaselineEvent, _Mapping]]] = ..., operating_bins: _Optional[_Iterable[str]] = ..., reference_speed_hz: _Optional[float] = ..., load_bin_width: _Optional[float] = ...) -> None: ...

class GetBaselineRequest(_message.Message):
    __slots__ = ("sensor_id", "baseline_id")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    BASELINE_ID_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    baseline_id: int
    def __init__(self, sensor_id: _Optional[str] = ..., baseline_id: _Optional[int] = ...) -> None: ...

class GetBaselineResponse(_message.Message):
    __slots__ = ("baseline",)
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    baseline: Baseline
    def __init__(self, baseline: _Optional[_Union[Baseline, _Mapping]] = ...) -> None: ...

class ListBaselinesRequest(_message.Message):
    __slots__ = ("sensor_id", "page_size", "page_token")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    page_size: int
    page_token: str
    def __init__(self, sensor_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListBaselinesResponse(_message.Message):
    __slots__ = ("baselines", "next_page_token")
    BASELINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    baselines: _containers.RepeatedCompositeFieldContainer[Baseline]
    next_page_token: str
    def __init__(self, baselines: _Optional[_Iterable[_Union[Baseline, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListBaselineEventsRequest(_message.Message):
    __slots__ = ("after_number", "page_size")
    AFTER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    after_number: int
    page_size: int
    def __init__(self, after_number: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListBaselineEventsResponse(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[BaselineEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[BaselineEvent, _Mapping]]] = ...) -> None: ...

class LearnBaselineRequest(_message.Message):
    __slots__ = ("sensor_id", "cause", "reason", "begin_time", "window_count", "restart")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BEGIN_TIME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_COUNT_FIELD_NUMBER: _ClassVar[int]
    RESTART_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    cause: LearningCause
    reason: str
    begin_time: _timestamp_pb2.Timestamp
    window_count: int
    restart: bool
    def __init__(self, sensor_id: _Optional[str] = ..., cause: _Optional[_Union[LearningCause, str]] = ..., reason: _Optional[str] = ..., begin_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_count: _Optional[int] = ..., restart: _Optional[bool] = ...) -> None: ...

class LearnBaselineResponse(_message.Message):
    __slots__ = ("baseline",)
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    baseline: Baseline
    def __init__(self, baseline: _Optional[_Union[Baseline, _Mapping]] = ...) -> None: ...

class AccelerationGrowth(_message.Message):
    __slots__ = ("factor", "channel", "feature", "grade")
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    GRADE_FIELD_NUMBER: _ClassVar[int]
    factor: float
    channel: str
    feature: str
    grade: GrowthGrade
    def __init__(self, factor: _Optional[float] = ..., channel: _Optional[str] = ..., feature: _Optional[str] = ..., grade: _Optional[_Union[GrowthGrade, str]] = ...) -> None: ...

class FeatureGrowth(_message.Message):
    __slots__ = ("factor", "z", "trailing_factor", "step")
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    Z_FIELD_NUMBER: _ClassVar[int]
    TRAILING_FACTOR_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    factor: float
    z: float
    trailing_factor: float
    step: bool
    def __init__(self, factor: _Optional[float] = ..., z: _Optional[float] = ..., trailing_factor: _Optional[float] = ..., step: _Optional[bool] = ...) -> None: ...

class ChannelCondition(_message.Message):
    __slots__ = ("channel", "unit", "features")
    class FeaturesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: FeatureGrowth
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[FeatureGrowth, _Mapping]] = ...) -> None: ...
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    channel: str
    unit: str
    features: _containers.MessageMap[str, FeatureGrowth]
    def __init__(self, channel: _Optional[str] = ..., unit: _Optional[str] = ..., features: _Optional[_Mapping[str, FeatureGrowth]] = ...) -> None: ...

class IsoZone(_message.Message):
    __slots__ = ("zone", "edition", "channel", "velocity_rms", "remarks", "refusal", "displacement_rms", "quantity")
    ZONE_FIELD_NUMBER: _ClassVar[int]
    EDITION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    VELOCITY_RMS_FIELD_NUMBER: _ClassVar[int]
    REMARKS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    DISPLACEMENT_RMS_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    zone: str
    edition: str
    channel: str
    velocity_rms: float
    remarks: _containers.RepeatedScalarFieldContainer[str]
    refusal: str
    displacement_rms: float
    quantity: str
    def __init__(self, zone: _Optional[str] = ..., edition: _Optional[str] = ..., channel: _Optional[str] = ..., velocity_rms: _Optional[float] = ..., remarks: _Optional[_Iterable[str]] = ..., refusal: _Optional[str] = ..., displacement_rms: _Optional[float] = ..., quantity: _Optional[str] = ...) -> None: ...

class Condition(_message.Message):
    __slots__ = ("sensor_id", "operating_state", "window_time", "baseline_id", "compare_time", "operating_bin", "acceleration_growth", "channels", "iso_zone", "missing_window_count", "shaft_speed_hz", "load", "bearing_problem")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATING_STATE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_TIME_FIELD_NUMBER: _ClassVar[int]
    BASELINE_ID_FIELD_NUMBER: _ClassVar[int]
    COMPARE_TIME_FIELD_NUMBER: _ClassVar[int]
    OPERATING_BIN_FIELD_NUMBER: _ClassVar[int]
    ACCELERATION_GROWTH_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    ISO_ZONE_FIELD_NUMBER: _ClassVar[int]
    MISSING_WINDOW_COUNT_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    BEARING_PROBLEM_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    operating_state: OperatingState
    window_time: _timestamp_pb2.Timestamp
    baseline_id: int
    compare_time: _timestamp_pb2.Timestamp
    operating_bin: str
    acceleration_growth: AccelerationGrowth
    channels: _containers.RepeatedCompositeFieldContainer[ChannelCondition]
    iso_zone: IsoZone
    missing_window_count: int
    shaft_speed_hz: float
    load: float
    bearing_problem: str
    def __init__(self, sensor_id: _Optional[str] = ..., operating_state: _Optional[_Union[OperatingState, str]] = ..., window_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., baseline_id: _Optional[int] = ..., compare_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., operating_bin: _Optional[str] = ..., acceleration_growth: _Optional[_Union[AccelerationGrowth, _Mapping]] = ..., channels: _Optional[_Iterable[_Union[ChannelCondition, _Mapping]]] = ..., iso_zone: _Optional[_Union[IsoZone, _Mapping]] = ..., missing_window_count: _Optional[int] = ..., shaft_speed_hz: _Optional[float] = ..., load: _Optional[float] = ..., bearing_problem: _Optional[str] = ...) -> None: ...

class GetConditionRequest(_message.Message):
    __slots__ = ("sensor_id",)
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    def __init__(self, sensor_id: _Optional[str] = ...) -> None: ...

class GetConditionResponse(_message.Message):
    __slots__ = ("condition", "server_time")
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    condition: Condition
    server_time: _timestamp_pb2.Timestamp
    def __init__(self, condition: _Optional[_Union[Condition, _Mapping]] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
