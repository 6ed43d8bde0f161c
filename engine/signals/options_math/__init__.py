"""Option mathematics: Black-76, implied volatility, chain cleaning, forwards and arbitrage-free densities."""
