import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import type { FeatureDefinition } from "../gen/kurto/signal/v1/features_pb.js";
import { FEATURE_UNITS } from "../formatting/units.js";

/** What the features are, as the service defines them. */
export function createDefinitionStore(clients: Clients) {
  const definitions = shallowRef<ReadonlyMap<string, FeatureDefinition>>(new Map());

  async function load(): Promise<void> {
    const { features } = await clients.features.listFeatureDefinitions({});
    definitions.value = new Map(features.map((definition) => [definition.name, definition]));
  }

  /** Unit of a feature: "acceleration" for the channel's own. */
  function unitOf(feature: string): string {
    return definitions.value.get(feature)?.unit ?? FEATURE_UNITS[feature] ?? "1";
  }

  /** One sentence that defines the feature, "" while unknown. */
  function describe(feature: string): string {
    return definitions.value.get(feature)?.description ?? "";
  }

  return { definitions, load, unitOf, describe };
}

export type DefinitionStore = ReturnType<typeof createDefinitionStore>;
