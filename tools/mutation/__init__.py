"""Whether the tests notice when the contracts are wrong: mutants of the core, and which of them the tests kill.

`python -m tools.mutation` compiles all mutants at once. Each changed expression becomes
`(isMutant(17) ? changed : original)`, each changed statement an `if`, and `isMutant` reads the block's coinbase, which
forge sets from outside: one compilation carries them all, and a mutant costs one run of the tests that reach it.

- `syntax`: the compiler's own syntax tree.
- `operators`: the mutants that the tree holds.
- `modifiers`: those that leave out a function's modifier.
- `handmade`: those that stand in a list, for mistakes that no operator makes.
- `schemata`: the sources that carry them.
- `workspace`: the copy of the tree in which they are compiled and run.
- `verdict`: what is printed, and whether it is enough.
"""
