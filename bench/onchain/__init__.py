"""What the contracts cost: the formulas on their own, and what people and keepers send."""
