"""A proof that the contracts owe nobody more than they have, from a node alone: no database, no indexer.

The logs say who there is and what was done; the contracts are then asked for what each one has, at one block; and from
their answers every book's worst loss over all prices is computed anew, in integers. `prove.prove` does it all,
`identities` has the statements, `merkle` the tree of accounts.
"""
