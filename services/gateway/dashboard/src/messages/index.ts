import { en } from "./en.js";

/** Name of a text. Another language is another table with the same names. */
export type MessageKey = keyof typeof en;

export function hasMessage(key: string): key is MessageKey {
  return Object.hasOwn(en, key);
}

/** The text of that name, its {placeholders} filled in. */
export function translate(key: MessageKey, values: Record<string, string | number> = {}): string {
  return en[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
