"""Benchmarks: one module each, run by `optionix bench NAME`.

A module has a docstring whose first line says what it measures, and `measure(words) -> Report`, which takes the words
after its name. Folders in here hold what a benchmark is made of.
"""
