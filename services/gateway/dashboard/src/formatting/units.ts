import { translate as t } from "../messages/index.js";

/** A unit as people write it. */
export function formatUnit(unit: string): string {
  if (unit === "1" || unit === "") return t("unit.ratio");
  if (unit === "um") return "µm";
  return unit.replace("m/s2", "m/s²").replace("g2", "g²");
}

/** Unit of a feature on a channel: "acceleration" stands for the channel's own. */
export function featureUnit(definitionUnit: string, channelUnit: string): string {
  return definitionUnit === "acceleration" ? channelUnit : definitionUnit;
}

/** Units by feature name, for the time before the service has named them. */
export const FEATURE_UNITS: Readonly<Record<string, string>> = {
  rms: "acceleration",
  kurtosis: "1",
  peak: "acceleration",
  crest_factor: "1",
};
