import { createClient, type Client, type Transport } from "@connectrpc/connect";
import { AlertService } from "../gen/kurto/alerts/v1/alert_service_pb.js";
import { NotificationService } from "../gen/kurto/alerts/v1/notification_service_pb.js";
import { RuleService } from "../gen/kurto/alerts/v1/rule_service_pb.js";
import { FeatureService } from "../gen/kurto/analyzer/v1/feature_service_pb.js";
import { AssetService } from "../gen/kurto/assets/v1/asset_service_pb.js";
import { LiveService } from "../gen/kurto/gateway/v1/live_service_pb.js";
import { SessionService } from "../gen/kurto/gateway/v1/session_service_pb.js";
import { StreamControlService } from "../gen/kurto/ingest/v1/stream_control_service_pb.js";

/** One client per service that the page calls. */
export interface Clients {
  readonly alerts: Client<typeof AlertService>;
  readonly assets: Client<typeof AssetService>;
  readonly features: Client<typeof FeatureService>;
  readonly live: Client<typeof LiveService>;
  readonly notifications: Client<typeof NotificationService>;
  readonly rules: Client<typeof RuleService>;
  readonly session: Client<typeof SessionService>;
  readonly streams: Client<typeof StreamControlService>;
}

export function createClients(transport: Transport): Clients {
  return {
    alerts: createClient(AlertService, transport),
    assets: createClient(AssetService, transport),
    features: createClient(FeatureService, transport),
    live: createClient(LiveService, transport),
    notifications: createClient(NotificationService, transport),
    rules: createClient(RuleService, transport),
    session: createClient(SessionService, transport),
    streams: createClient(StreamControlService, transport),
  };
}
