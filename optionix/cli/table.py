"""The commands of `optionix`: where each lives and its line in `--help`, so that nothing is imported to show them.

A part of the system adds its commands here when it adds the module.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """A command: `module:attribute` of a click command, and one line of help."""

    target: str
    help: str


COMMANDS: dict[str, Entry] = {
    "risk": Entry("optionix.cli.risk:risk", "Forecasts, surfaces and back-tests of the AI risk service."),
    "deploy": Entry("optionix.cli.deploy:deploy_command", "Deploy what a network lacks and set it up."),
    "verify": Entry("optionix.cli.deploy:verify_command", "Compare the contracts on chain with the sources."),
    "seed": Entry("optionix.cli.deploy:seed_command", "Fill a local chain with listings, liquidity and accounts."),
}
