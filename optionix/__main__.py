"""`python -m optionix` is the command line."""

from optionix.cli import main

main()
