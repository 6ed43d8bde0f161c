"""Option chains as vendors write them, and chains put together from single quotes."""
