import { type InjectionKey, inject } from "vue";
import type { PageName } from "./address.js";

/** Leads to another page, without loading anything anew. */
export interface Navigation {
  /** Show a page, and on that of alarms one of them. */
  go(page: PageName, alertId?: string): void;
}

export const NAVIGATION: InjectionKey<Navigation> = Symbol("navigation");

/** The way to other pages. */
export function useNavigation(): Navigation {
  const navigation = inject(NAVIGATION);
  if (!navigation) throw new Error("provide NAVIGATION above this component");
  return navigation;
}
