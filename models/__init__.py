"""Models behind one interface, `TradingModel`; serialised without pickle."""
