import { StreamSocket } from "@optionix/client";

/** The socket of the page's own origin. */
export const streamSocket = new StreamSocket(
  `${globalThis.location?.protocol === "https:" ? "wss" : "ws"}://${globalThis.location?.host ?? "localhost"}/ws`,
);
