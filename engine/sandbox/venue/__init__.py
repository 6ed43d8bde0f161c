"""The simulated venue: an outside world in its own process that the engine knows only through files.

What it is. A seeded lean-hog market of five-minute bars with a planted, known signal and at most one hidden fault.
It writes the files a real operator would drop into the inbox: futures bars (Databento CSV layout), option chains
(CBOE quote tables), Commitments of Traders (legacy text, all 129 columns) and headlines (CSV). The ordinary ingestion
and feature pipeline read them; nothing about them is special to the simulation.

How it runs. `hydra __venue --workspace W --private-dir P --market simulated_hogs --seed S [--fault F]
[--edge E] [--history-bars N] [--live-bars N]` speaks JSON lines on stdin and stdout (`protocol.py`). `history` writes
everything up to the first live bar, `advance` writes one live bar; any bar may be asked for again and comes back byte
for byte, so an engine that was killed simply asks on. End of stdin ends the process at once.

What stays hidden. Seed, fault and edge are arguments of this process only. The truth (`truth.py`) goes to the private
directory, which must not lie inside the workspace.

The planted law (`world.py`). Six factors x, each AR(1) with phi .9 and unit variance. The log return of bar t+1 is
`sigma * (ic * b'x_t + sqrt(1 - ic^2) * t5 / sqrt(5/3))` less a weak pull to the long-run price; `b` has unit norm,
roughly equal magnitudes and random signs. The first bar of a session carries an ordinary next-bar return from the
previous close: there is no extra overnight gap, and a bar opens at the previous close. With `--edge divergence` the
signal counts only where the option skew and the tone of the news disagree (`edges.py`).
"""
