"""Layer 5: order manager, risk gate, brokers, reconciliation. An order passes the risk manager or does not exist."""
