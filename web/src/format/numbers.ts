/**
 * The one formatter: every number on the screen goes through here, so that none is NaN and all look alike.
 * Money arrives as exact decimal strings and is rounded for display only.
 */

export const NOTHING = "–";

type Numeric = string | number | null | undefined;

const formats = new Map<string, Intl.NumberFormat>();

function formatter(minimum: number, maximum: number): Intl.NumberFormat {
  const key = `${minimum}:${maximum}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat("en-US", {
      minimumFractionDigits: minimum,
      maximumFractionDigits: maximum,
    });
    formats.set(key, format);
  }
  return format;
}

/** A finite number, or null for anything that is none. */
export function toNumber(value: Numeric): number | null {
  if (value === null || value === undefined || value === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** With a fixed number of places. */
export function fixed(value: Numeric, places: number): string {
  const number = toNumber(value);
  return number === null ? NOTHING : formatter(places, places).format(number);
}

/** With as many places as the size calls for: five significant digits, at most `most` places. */
export function compact(value: Numeric, most = 6): string {
  const number = toNumber(value);
  if (number === null) return NOTHING;
  if (number === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(number)));
  const places = Math.min(Math.max(4 - size, 0), most);
  return formatter(0, places).format(number);
}

/** Places in which an asset's prices and amounts are read. */
export function assetPlaces(asset: string): number {
  return asset === "USDC" ? 2 : asset === "BTC" || asset === "WBTC" ? 5 : 4;
}

/** An amount of an asset with its name. */
export function money(value: Numeric, asset: string): string {
  const number = toNumber(value);
  return number === null ? NOTHING : `${fixed(value, assetPlaces(asset))} ${asset}`;
}

/** A fraction as per cent. */
export function percent(value: Numeric, places = 1): string {
  const number = toNumber(value);
  return number === null ? NOTHING : `${fixed(number * 100, places)} %`;
}

/** A fraction as per cent with its sign. */
export function change(value: Numeric, places = 2): string {
  const number = toNumber(value);
  if (number === null) return NOTHING;
  return `${number > 0 ? "+" : ""}${fixed(number * 100, places)} %`;
}

/** `0x1234…abcd`. */
export function shortAddress(address: string): string {
  return address.length > 12 ? `${address.slice(0, 6)}…${address.slice(-4)}` : address;
}
