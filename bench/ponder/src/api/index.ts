import { Hono } from "hono";

/** Ponder asks for one; its own `/ready` and `/metrics` are what the benchmark reads. */
export default new Hono();
