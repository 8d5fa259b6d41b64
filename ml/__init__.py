"""The risk service: volatility forecasts, arbitrage-free surfaces, regimes and risk reports."""
