"""From files and live replies to rows of the lake: one pipeline per source, good rows kept, bad rows quarantined.

Sources by family: `futures`, `dbn`, `lean`, `options`, `cot`, `texts`, `reference`, all over `parsing`; `live` fetches
for them. `calendars` knows sessions, contract ends and schedules, `rolls` joins contracts, `quality` judges feeds.
Here: the shape of a source, their registry, markets, the rows and the way into the lake. See docs/data.md.
"""
