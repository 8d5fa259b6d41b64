import { parseAbi } from "viem";

/** The calls that the page makes and the errors that it explains; a test compares them with the contracts' ABIs. */

export const erc20Abi = parseAbi([
  "function allowance(address owner, address spender) view returns (uint256)",
  "function approve(address spender, uint256 value) returns (bool)",
  "function balanceOf(address account) view returns (uint256)",
]);

export const vaultAbi = parseAbi([
  "function buy(uint256 series, uint256 amount, uint256 maxCost, address receiver, uint256 deadline, uint8 from) returns (uint256 cost)",
  "function sell(uint256 series, uint256 amount, uint256 minProceeds, address receiver, uint256 deadline, uint8 to) returns (uint256 proceeds)",
  "function requestDeposit(uint256 assets, address controller, address owner) returns (uint256 requestId)",
  "function requestRedeem(uint256 shares, address controller, address owner) returns (uint256 requestId)",
  "function deposit(uint256 assets, address receiver, address controller) returns (uint256 shares)",
  "function withdraw(uint256 assets, address receiver, address controller) returns (uint256 shares)",
  "function maxDeposit(address controller) view returns (uint256)",
  "function maxWithdraw(address controller) view returns (uint256)",
  "error CostAboveLimit(uint256 cost, uint256 limit)",
  "error ProceedsBelowLimit(uint256 proceeds, uint256 limit)",
  "error AmountTooSmall(uint256 amount, uint256 minimum)",
  "error DeltaOutsideBand(int256 delta)",
  "error UtilisationAboveCap(uint256 locked, uint256 netAssets)",
  "error TradingCutoff(uint40 expiry)",
  "error DeadlinePassed(uint256 deadline, uint256 timestamp)",
  "error TooManySeries(uint256 limit)",
  "error Paused()",
  "error StaleSlice(uint16 market, uint40 expiry, uint40 timestamp)",
  "error NoSlice(uint16 market, uint40 expiry)",
  "error Halted(uint16 market, uint40 expiry)",
  "error StalePrice(uint256 updatedAt, uint256 maxAge)",
  "error InsufficientFreeBalance(address account, address token, uint256 assets, uint256 free)",
  "error NotAuthorised(address account, address caller, uint8 flag)",
  "error UnlistedSeries(uint256 series)",
  "error BadAmount(uint256 amount)",
  "error LegTooSmall(uint256 series, uint256 held, uint256 amount)",
  "error Expired(uint256 series)",
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
  "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
]);

export const clearinghouseAbi = parseAbi([
  "function setOperator(address operator, uint8 flags)",
  "function operatorFlags(address account, address operator) view returns (uint8)",
  "function redeem(uint256 series, uint256 amount, address receiver) returns (uint256 assets)",
  "function withdraw(address token, uint256 assets, address receiver)",
  "error NotSettled(uint16 market, uint40 expiry)",
  "error InsufficientFreeBalance(address account, address token, uint256 assets, uint256 free)",
]);

/** Rights flag of the Clearinghouse: an operator may trade for the account. */
export const TRADE = 1;

/** `IOptionVault.Funds.WALLET`. */
export const FROM_WALLET = 1;
