import { en } from "./en.js";
import { enDelivery } from "./enDelivery.js";
import { enSetAside } from "./enSetAside.js";

const texts = { ...en, ...enDelivery, ...enSetAside };

/** Name of a text. Another language is another set of tables with the same names. */
export type MessageKey = keyof typeof texts;

export function hasMessage(key: string): key is MessageKey {
  return Object.hasOwn(texts, key);
}

const PLURAL = /\{(\w+)\|([^|}]*)\|([^}]*)\}/g;

/** The text of that name, its {placeholders} filled in; of {n|one|many} the word that suits the number n. */
export function translate(key: MessageKey, values: Record<string, string | number> = {}): string {
  return texts[key]
    .replace(PLURAL, (_, name: string, one: string, many: string) => (String(values[name]) === "1" ? one : many))
    .replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
