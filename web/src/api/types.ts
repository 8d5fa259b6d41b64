/** Short names for the schemas of the API, which are generated from its OpenAPI document. */
import type { Schemas } from "@optionix/client";

export type BlockRef = Schemas["BlockRef"];

export type Status = Schemas["Status"];
export type Markets = Schemas["Markets"];
export type MarketSummary = Schemas["MarketSummary"];
export type Expiries = Schemas["Expiries"];
export type ExpirySummary = Schemas["ExpirySummary"];
export type Chain = Schemas["Chain"];
export type ChainRow = Schemas["ChainRow"];
export type ChainOption = Schemas["ChainOption"];
export type QuoteView = Schemas["QuoteView"];
export type Trades = Schemas["Trades"];
export type Trade = Schemas["Trade"];
export type Vaults = Schemas["Vaults"];
export type VaultSummary = Schemas["VaultSummary"];
export type LpRequest = Schemas["LpRequest"];
export type Account = Schemas["Account"];
export type Position = Schemas["Position"];
export type BookView = Schemas["BookView"];
export type History = Schemas["History"];
export type SpotCandles = Schemas["SpotCandles"];
export type Settlement = Schemas["Settlement"];
export type Settlements = Schemas["Settlements"];

export type Deployment = Schemas["Deployment"];
