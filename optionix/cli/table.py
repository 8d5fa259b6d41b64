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
    "risk": Entry("optionix.cli.risk:risk", "Forecasts, surfaces and back-tests of the AI risk service."),
}
