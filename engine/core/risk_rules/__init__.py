"""Risk rules: what an order must not do. One file each behind one interface; pure; shared by replay, paper and live."""
