"""The commands of `optionix`: where each lives and its line in `--help`, so that nothing is imported to show them.

A part of the system adds its commands here when it adds the module.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """A command: `module:attribute` of a click command, and one line of help."""

    target: str
    help: str


COMMANDS: dict[str, Entry] = {
    "up": Entry("optionix.cli.stack:up_command", "Start the whole market on this machine."),
    "down": Entry("optionix.cli.stack:down_command", "Stop it."),
    "status": Entry("optionix.cli.stack:status_command", "Show the health and the address of every part."),
    "replay": Entry("optionix.cli.stack:replay_command", "Show or steer the replayed prices."),
    "deploy": Entry("optionix.cli.deploy:deploy_command", "Deploy what a network lacks and set it up."),
    "verify": Entry("optionix.cli.deploy:verify_command", "Compare the contracts on chain with the sources."),
    "seed": Entry("optionix.cli.deploy:seed_command", "Fill a local chain with listings, liquidity and accounts."),
    "index": Entry("optionix.cli.index:index_command", "Bring the tables to the head of a network."),
    "markets": Entry("optionix.cli.trading:markets_command", "Markets with spot and open expiries."),
    "chain": Entry("optionix.cli.trading:chain_command", "Calls and puts of an expiry with bid and ask."),
    "quote": Entry("optionix.cli.trading:quote_command", "The vault's price of an option, taken apart."),
    "buy": Entry("optionix.cli.trading:buy_command", "Buy options from the vault."),
    "sell": Entry("optionix.cli.trading:sell_command", "Sell options back to the vault."),
    "write": Entry("optionix.cli.trading:write_command", "Write options against collateral."),
    "vault": Entry("optionix.cli.accounts:vault_group", "Vaults: deposits, redemptions, claims."),
    "account": Entry("optionix.cli.accounts:account_group", "Balances, positions, books; settle and redeem."),
    "keeper": Entry("optionix.cli.keeper:keeper", "Post surfaces, settle, redeem, process queues, roll the listing."),
    "audit": Entry("optionix.cli.audit:audit_command", "Compare the tables with the contracts."),
    "prove-solvency": Entry(
        "optionix.cli.solvency:prove_solvency_command", "Prove that the contracts hold what they owe."
    ),
    "risk": Entry("optionix.cli.risk:risk", "Forecasts, surfaces and back-tests of the AI risk service."),
    "token-keys": Entry("optionix.cli.token_keys:token_keys_group", "Keys that sign access tokens of the API."),
    "api-documents": Entry(
        "optionix.cli.api_documents:api_documents", "Write what clients of the API are generated from."
    ),
    "bench": Entry("optionix.cli.bench:bench_command", "Measure, and show the figures beside their goals."),
    "demo": Entry("optionix.cli.demo:demo_command", "Play a whole life of the market and have every balance judged."),
}
