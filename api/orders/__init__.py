"""Signed orders: taken in, shown in books at what they execute at, followed as the chain moves."""
