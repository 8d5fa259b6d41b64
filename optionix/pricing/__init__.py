"""Option prices, volatility slices, payoffs and the requirement of a book: the formulas of the contracts in Python.

Three kinds of numbers, never mixed:

- `payoff` and `book` are money: exact integers, rounded as the contracts round.
- `contract` is what the contracts compute, integer for integer: use it where a number must agree with the chain.
- `black76`, `implied`, `ssvi`, `svi` and `marks` are model quantities: float64, vectorised over numpy arrays.
"""
