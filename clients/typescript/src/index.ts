/** Typed requests to the Optionix API, and its stream. */
export { createClient, type ClientOptions, type OptionixClient, type Schemas } from "./client.js";
export type { components, operations, paths } from "./schema.js";
export { StreamSocket, type BlockRef, type Connection, type StreamMessage } from "./stream.js";
