"""Shipped settings, read as package resources."""
