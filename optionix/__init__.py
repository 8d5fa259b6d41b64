"""The ground floor that the Optionix services share: pricing, instruments, chain, store, settings, telemetry."""

__version__ = "0.1.0"
