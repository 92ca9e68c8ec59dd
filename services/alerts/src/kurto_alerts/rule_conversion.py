"""Changes and trials of rules to messages of the contract, and back."""

from google.protobuf.timestamp_pb2 import Timestamp

from kurto.alerts.v1 import alerts_pb2 as alerts_pb
from kurto.alerts.v1 import rule_service_pb2 as pb
from kurto_alerts.conversion import rule_to_proto, time_from_proto, time_to_proto
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.rule_changes import RuleVersion
from kurto_alerts.rules import Rule
from kurto_alerts.trial import Episode, SensorTrial
from kurto_alerts.trials import TrialRequest, TrialState


def version_to_proto(change: RuleVersion) -> pb.RuleVersion:
    """Return a change of a rule as a message."""
    message = pb.RuleVersion(
        rule_id=change.rule_id,
        version=change.version,
        change=f"RULE_CHANGE_{change.kind.name}",
        change_time=time_to_proto(change.time),
        principal=change.principal,
    )
    if change.before is not None:
        message.before.CopyFrom(rule_to_proto(change.before))
    if change.after is not None:
        message.after.CopyFrom(rule_to_proto(change.after))
    return message


def trial_from_proto(request: pb.TryRuleRequest, rule: Rule) -> TrialRequest:
    """Return what a request asks to try a rule on."""
    if not request.HasField("start_time"):
        raise FieldInvalid("start_time is required", field="start_time")
    start = time_from_proto(request.start_time, "start_time")
    end = time_from_proto(request.end_time, "end_time") if request.HasField("end_time") else None
    if end is not None and end <= start:
        raise FieldInvalid("end_time must be later than start_time", field="end_time")
    return TrialRequest(
        rule=rule, start_time=start, end_time=end, sensor_ids=tuple(request.sensor_ids)
    )


def trial_to_proto(state: TrialState) -> pb.TryRuleResponse:
    """Return how far a trial is, or what came of it."""
    trial = state.trial
    if state.incomplete is None:
        return pb.TryRuleResponse(
            progress=pb.TrialProgress(
                sensor_count=state.sensor_count,
                sensor_total=state.sensor_total,
                window_count=trial.window_count,
                episode_count=trial.episode_count,
            )
        )
    return pb.TryRuleResponse(
        result=pb.TrialResult(
            episode_count=trial.episode_count,
            episodes=[_episode_to_proto(episode) for episode in trial.episodes()],
            sensors=[_sensor_to_proto(sensor) for sensor in trial.sensors()],
            incomplete=state.incomplete,
        )
    )


def _episode_to_proto(episode: Episode) -> pb.TrialEpisode:
    message = pb.TrialEpisode(
        sensor_id=episode.sensor_id,
        channel=episode.channel,
        severity=alerts_pb.Severity.Name(episode.severity),
        worst_value=episode.worst_value,
        raise_time=_time(episode.raise_us),
        epoch=episode.epoch,
        window_index=episode.window_index,
    )
    if episode.resolve_us is not None:
        message.resolve_time.CopyFrom(_time(episode.resolve_us))
    return message


def _sensor_to_proto(sensor: SensorTrial) -> pb.SensorTrial:
    message = pb.SensorTrial(
        sensor_id=sensor.sensor_id,
        window_count=sensor.window_count,
        missing_window_count=sensor.missing_window_count,
    )
    if sensor.first_us is not None:
        message.first_time.CopyFrom(_time(sensor.first_us))
    if sensor.last_us is not None:
        message.last_time.CopyFrom(_time(sensor.last_us))
    return message


def _time(time_us: int) -> Timestamp:
    time = Timestamp()
    time.FromMicroseconds(time_us)
    return time
