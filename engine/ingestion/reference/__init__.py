"""Facts that are no prices: statistics of agencies, rates, account values, symbol tables."""
