/** The sensor that the page's address names, so that a link can be shared. */
export interface Address {
  sensor(): string;
  /** Name another sensor; `replace` leaves no entry in the history. */
  setSensor(sensorId: string, replace: boolean): void;
  onChange(callback: () => void): void;
}

export const browserAddress: Address = {
  sensor: () => new URL(location.href).searchParams.get("sensor") ?? "",
  setSensor(sensorId, replace) {
    const url = new URL(location.href);
    if ((url.searchParams.get("sensor") ?? "") === sensorId) return;
    if (sensorId) url.searchParams.set("sensor", sensorId);
    else url.searchParams.delete("sensor");
    if (replace) history.replaceState(null, "", url);
    else history.pushState(null, "", url);
  },
  onChange: (callback) => window.addEventListener("popstate", callback),
};
