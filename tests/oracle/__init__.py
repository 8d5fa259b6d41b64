"""An independent model of the protocol: it takes transactions and feed rounds and says what everybody must own.

It imports nothing of optionix. Its sources are the protocol's specification and ABI signatures; money is exact
integers, option values are 50-digit numbers that the chain must meet within the stated error.
"""
