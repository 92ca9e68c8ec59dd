const MINUS = "−";
const ABSENT = "–";

/** A measured value in four digits that keep their width: 12.34, 0.1234, 1 234, 1.23e−5. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return ABSENT;
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return exponential(value);
  // 0.99999 is shown as 1.000: what counts is the size after rounding.
  const rounded = Number(size.toPrecision(4));
  const digits = rounded >= 1000 ? 0 : rounded >= 100 ? 1 : rounded >= 10 ? 2 : rounded >= 1 ? 3 : 4;
  return signed(group(value.toFixed(digits)));
}

/** A limit as somebody typed it: at most four significant digits, no trailing zeros. */
export function formatLimit(value: number): string {
  return signed(group(String(Number(value.toPrecision(4)))));
}

/** A whole number with groups of three. */
export function formatCount(value: number | bigint): string {
  return signed(group(String(value)));
}

/** A whole number with its sign: +12, −3, 0. */
export function formatSigned(value: number): string {
  const rounded = Math.round(value);
  return rounded > 0 ? `+${formatCount(rounded)}` : formatCount(rounded === 0 ? 0 : rounded);
}

/** A relative change: +12 %, −3 %. */
export function formatChange(ratio: number): string {
  const percent = Math.round(ratio * 100);
  if (Math.abs(percent) > 999) return ratio > 0 ? "> +999 %" : `< ${MINUS}999 %`;
  return `${percent > 0 ? "+" : percent < 0 ? MINUS : "±"}${Math.abs(percent)} %`;
}

function exponential(value: number): string {
  const [mantissa = "", exponent = ""] = value.toExponential(2).split("e");
  return `${signed(mantissa)}e${signed(exponent.replace("+", ""))}`;
}

function group(digits: string): string {
  const [whole = "", fraction] = digits.split(".");
  // A narrow no-break space, as ISO 80000 groups digits.
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, " ");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function signed(text: string): string {
  return text.replace("-", MINUS);
}
