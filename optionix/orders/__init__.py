"""Signed orders of the Exchange: what they are, who signed them, what they cost now, and what their makers can pay."""

from optionix.orders.order import NOBODY, LimitKind, Order, Taker, hash_order, typed_data
from optionix.orders.signing import is_signed, sign_order

__all__ = ["NOBODY", "LimitKind", "Order", "Taker", "hash_order", "is_signed", "sign_order", "typed_data"]
