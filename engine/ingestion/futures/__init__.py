"""Bars of futures as vendors write them."""
