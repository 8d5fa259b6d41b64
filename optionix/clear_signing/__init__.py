"""Clear signing: what a wallet shows before it signs, as ERC-7730 descriptions (version 2).

`fields` are the building blocks, `clearinghouse`, `vault`, `exchange` and `markets` say what each action shows, `build`
turns them into documents, `schema` is the form that every document must have. `python -m optionix.clear_signing` writes
the documents of a deployment; those under `clear-signing/` are the same without its addresses.
"""
