/** What can be looked at. */
export const PAGES = ["live", "alarms", "rules", "figures", "notifications"] as const;
export type PageName = (typeof PAGES)[number];

/** Page, sensor and alarm that the address names, so that a link can be shared. */
export interface Address {
  sensor(): string;
  page(): PageName;
  /** Id of the alarm that is looked at, "" for none. */
  alert(): string;
  /** Name another sensor; `replace` leaves no entry in the history. */
  setSensor(sensorId: string, replace: boolean): void;
  show(page: PageName, alertId: string): void;
  onChange(callback: () => void): void;
}

function named(name: string): string {
  return new URL(location.href).searchParams.get(name) ?? "";
}

function put(url: URL, name: string, value: string): void {
  if (value) url.searchParams.set(name, value);
  else url.searchParams.delete(name);
}

export const browserAddress: Address = {
  sensor: () => named("sensor"),
  page: () => PAGES.find((page) => page === named("page")) ?? "live",
  alert: () => named("alert"),
  setSensor(sensorId, replace) {
    const url = new URL(location.href);
    if ((url.searchParams.get("sensor") ?? "") === sensorId) return;
    put(url, "sensor", sensorId);
    if (replace) history.replaceState(null, "", url);
    else history.pushState(null, "", url);
  },
  show(page, alertId) {
    const url = new URL(location.href);
    put(url, "page", page === "live" ? "" : page);
    put(url, "alert", alertId);
    if (url.href !== location.href) history.pushState(null, "", url);
  },
  onChange: (callback) => window.addEventListener("popstate", callback),
};
