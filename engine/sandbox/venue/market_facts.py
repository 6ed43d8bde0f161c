"""Facts of the simulated lean-hog market: contract, session, price grid, and what the world may look like.

The venue is an outside world to the engine, so it carries its own facts; a test holds them against the market's
settings file. Prices are cents/lb, returns are log returns.
"""

from __future__ import annotations

from datetime import date
from typing import Final

MARKET: Final = "simulated_hogs"
EXCHANGE_ZONE: Final = "America/Chicago"
RELEASE_ZONE: Final = "America/New_York"
SESSION_OPEN_LOCAL: Final = (8, 30)
BARS_PER_SESSION: Final = 55
BAR_SECONDS: Final = 300
TICK_SIZE: Final = 0.025
HALF_TICK: Final = 0.0125

# One contract throughout: the July contract trades, the August contract is the deferred one. The first session follows
# the Presidents' Day week-end, and the span ends long before the July contract stops trading on 2024-07-15, so that
# no roll and no holiday of the report's publisher falls into it.
FIRST_SESSION: Final = date(2024, 2, 20)
TRADED_CONTRACT: Final = "HEN24"
TRADED_INSTRUMENT_ID: Final = 240_715
DEFERRED_INSTRUMENT_ID: Final = 240_814
MAX_BARS: Final = 4_000

START_PRICE: Final = 85.0
BAR_VOLATILITY: Final = 0.0025
VOLUME_LEVEL_LOTS: Final = 700.0
INFORMATION_COEFFICIENT: Final = 0.50

# Order of the latent factors in every array of this package, each named by the feature that shows it.
FEATURES: Final = ("skew_slope", "put_call_oi_ratio", "atm_iv", "carry", "flow_imbalance", "nlp_score")
# Those that carry a unit a vendor could change; the other two are bounded scores of HYDRA's own making.
FEATURES_IN_UNITS: Final = FEATURES[:4]
