"""The fault families of HealBench, one file each."""
