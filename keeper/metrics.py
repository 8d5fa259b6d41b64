"""What the keeper counts."""

from prometheus_client import Counter, Gauge, Histogram

RUNS = Counter("optionix_keeper_runs_total", "Runs of a job", ["job", "outcome"])
RUN_SECONDS = Histogram(
    "optionix_keeper_run_seconds", "Time of a run", ["job"], buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)
)
FINISHED = Counter("optionix_keeper_actions_total", "Finished actions", ["job", "status"])
REFUSED = Counter("optionix_keeper_simulations_refused_total", "Actions that the chain would refuse", ["job", "reason"])
REPLACED = Counter("optionix_keeper_replaced_total", "Transactions replaced with higher fees", ["job"])
GAS_SPENT = Counter("optionix_keeper_gas_wei_total", "Fees paid, wei", ["job"])
LEADS = Gauge("optionix_keeper_leads", "Whether this process leads a job", ["job"])
OPEN = Gauge("optionix_keeper_open_transactions", "Transactions under way")
ALERTS = Gauge("optionix_keeper_alert", "Whether something needs a person", ["what"])
SURFACE_AGE = Gauge("optionix_keeper_surface_age_seconds", "Market time since the oldest live slice", ["symbol"])
FEED_AGE = Gauge("optionix_keeper_feed_age_seconds", "Market time since the newest round", ["symbol"])
DOUBTFUL = Counter("optionix_keeper_doubtful_surfaces_total", "Surfaces not posted because doubtful", ["symbol"])
SPENT_TODAY = Gauge("optionix_keeper_spent_today_wei", "Fees of the last day, paid and pledged")
HELD = Gauge(
    "optionix_keeper_held_slices", "Slices not posted although offered: not newer, or beyond the bound", ["symbol"]
)
BALANCE = Gauge("optionix_keeper_balance_wei", "Native balance of the sending account")
