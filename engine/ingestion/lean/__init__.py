"""QuantConnect LEAN's folders: bars, quotes, open interest, options, margins, maps."""
