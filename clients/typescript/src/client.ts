import createFetchClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

/** What the API sends and takes, by name. */
export type Schemas = components["schemas"];

/** Calls by path, with parameters, bodies and answers typed by the API's OpenAPI document. */
export type OptionixClient = Client<paths>;

export interface ClientOptions {
  /** An access token of a sign-in; public data needs none. */
  token?: string;
  /** Another `fetch`, of a test or an older runtime. */
  fetch?: typeof globalThis.fetch;
}

/**
 * A client of the API at `baseUrl`, the address without a path. Each call resolves to `{ data, error, response }`;
 * `error` is a problem document with a stable `code`. It rejects only when there is no answer at all.
 */
export function createClient(baseUrl: string, { token, fetch }: ClientOptions = {}): OptionixClient {
  return createFetchClient<paths>({
    baseUrl,
    ...(fetch && { fetch }),
    ...(token && { headers: { Authorization: `Bearer ${token}` } }),
  });
}
