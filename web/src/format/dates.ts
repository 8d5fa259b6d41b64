/** Dates are market time in UTC: the chain's clock, which a local replay runs faster than life. */

const day = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "short",
  year: "2-digit",
});
const moment = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "2-digit",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

export const dayOf = (seconds: number) => day.format(seconds * 1000);
export const momentOf = (seconds: number) => moment.format(seconds * 1000);

/** "2d 4h", "3h 12m", "48s"; "now" when nothing is left. */
export function duration(seconds: number): string {
  if (seconds <= 0) return "now";
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m` : `${Math.floor(seconds)}s`;
}
