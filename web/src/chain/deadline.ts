import type { Deployment } from "../api/types";

const LIVE_SECONDS = 20 * 60;
/** A replayed market lets hours pass while a person reads the wallet's prompt. */
const REPLAY_SECONDS = 24 * 60 * 60;

/** Until when a transaction may still be executed, in market time. */
export function deadlineFrom(marketTime: number, deployment: Deployment): bigint {
  return BigInt(marketTime + (deployment.real_time ? LIVE_SECONDS : REPLAY_SECONDS));
}
