"""A whole life of the market, played by several actors and judged by an independent model."""
