import { translate as t } from "../messages/index.js";

/** A span of time in one or two words: 0.4 s, 12 s, 3 min, 2 h 5 min, 4 d. */
export function formatSpan(seconds: number): string {
  const whole = Math.floor(seconds);
  if (seconds < 9.95) return t("span.seconds", { n: seconds.toFixed(1) });
  if (whole < 60) return t("span.seconds", { n: whole });
  if (whole < 3600) return t("span.minutes", { n: Math.floor(whole / 60) });
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours < 24) return minutes ? t("span.hoursMinutes", { h: hours, m: minutes }) : t("span.hours", { n: hours });
  return t("span.days", { n: Math.floor(hours / 24) });
}

/** An age: like a span, but whole seconds, and "now" below one. */
export function formatAge(seconds: number): string {
  if (seconds < 1) return t("age.now");
  return t("age.ago", { span: formatSpan(seconds < 10 ? Math.floor(seconds) : seconds).replace(".0", "") });
}

/** A short delay: 35 ms, 1.2 s. */
export function formatDelay(milliseconds: number): string {
  if (milliseconds < 1000) return t("span.milliseconds", { n: Math.round(milliseconds) });
  return formatSpan(milliseconds / 1000);
}

/** Time of day in the reader's zone, 24 hours. */
export function formatClock(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

const ZONE = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" });

/** The reader's zone at a time: "UTC", "GMT+1", "EST". */
export function zoneName(ms: number): string {
  return ZONE.formatToParts(ms).find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** Time of day with the zone that it is meant in. */
export function formatZonedClock(ms: number): string {
  return `${formatClock(ms)} ${zoneName(ms)}`;
}

/** Date and time in the reader's zone, which is named. */
export function formatMoment(ms: number): string {
  const date = new Date(ms);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
  return `${day} ${formatZonedClock(ms)}`;
}

/** Date and time in UTC, for records. */
export function formatUtc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
