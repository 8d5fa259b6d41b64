import { BaseError, ContractFunctionRevertedError, UserRejectedRequestError } from "viem";

/** What a trader can do about each refusal of the contracts. */
const WORDS: Record<string, string> = {
  CostAboveLimit: "The price moved past your limit. Refresh the quote and try again, or allow more slippage.",
  ProceedsBelowLimit: "The price moved past your limit. Refresh the quote and try again, or allow more slippage.",
  AmountTooSmall: "The amount is below the vault's minimum.",
  DeltaOutsideBand: "The vault does not trade options this far in or out of the money.",
  UtilisationAboveCap: "The vault has too little free collateral for this size. Try a smaller amount.",
  TradingCutoff: "This expiry is too close: the vault no longer trades it.",
  DeadlinePassed: "The transaction took too long. Try again.",
  TooManySeries: "The vault holds as many series as it may.",
  Paused: "Trading is paused for now. Closing, settling and withdrawing still work.",
  StaleSlice: "The volatility of this expiry is too old to trade on. Wait for the next report.",
  NoSlice: "This expiry has no volatility yet. Wait for the first report.",
  Halted: "This expiry is halted until its volatility settles.",
  StalePrice: "The price feed is too old to trade on. Wait for its next round.",
  InsufficientFreeBalance: "The free balance is too small.",
  NotAuthorised: "The vault may not act for you yet: confirm the permission first.",
  LegTooSmall: "The vault wrote fewer contracts of this series than you want to sell back.",
  ERC20InsufficientBalance: "Your wallet holds too little of this token.",
  ERC20InsufficientAllowance: "The allowance is too small: confirm the approval first.",
  NotSettled: "This expiry is not settled yet.",
  Expired: "This series has expired.",
};

/** Whether the person said no in the wallet. */
export function isRejection(error: unknown): boolean {
  return error instanceof BaseError && error.walk((cause) => cause instanceof UserRejectedRequestError) !== null;
}

/** An error of a wallet or a contract in plain words. */
export function explain(error: unknown): string {
  if (isRejection(error)) return "You declined it in the wallet. Nothing was sent.";
  if (!(error instanceof BaseError)) return error instanceof Error ? error.message : String(error);
  const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (reverted instanceof ContractFunctionRevertedError) {
    const name = reverted.data?.errorName;
    if (name && WORDS[name]) return WORDS[name];
    return `The contract refused: ${name ?? reverted.reason ?? reverted.signature ?? "no reason given"}.`;
  }
  return error.shortMessage;
}
