"""Tone words of finance and livestock markets, written for this project.

`POSITIVE_WORDS` and `NEGATIVE_WORDS` hold single lower-case words of tone +1 and -1: good or bad for the price or the
company that a text speaks of. Phrases are matched before single words, and their words are then not counted again.
A negation within three words before a tone word turns it round; an intensity word directly before one scales it.
All lists are tuples in alphabetical order, so that whoever draws from them draws the same on every machine.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(sorted(set(text.split())))


POSITIVE_WORDS: Final = _words("""
rally rallies rallied rallying surge surges surged surging soar soars soared soaring jump jumps jumped jumping
climb climbs climbed climbing rise rises rose risen rising gain gains gained gaining advance advances advanced
higher highs up upbeat uptrend upturn upside upgrade upgrades upgraded upward
strong stronger strongest strength strengthen strengthens strengthened strengthening
tight tighter tightest tightening tightens tightened scarce
robust brisk solid firm firmer firming buoyant bullish bulls optimism optimistic favorable favourable
rebound rebounds rebounded rebounding recover recovers recovered recovering recovery improve improves improved
improvement improvements improving boost boosts boosted boosting lift lifts lifted
increase increases increased increasing grow grows grew growing growth expand expands expanded expansion
profitable profitability outperform outperforms outperformed outperforming beat beats exceed exceeds exceeded exceeding
win wins won awarded double doubled doubles doubling triple tripled
accelerate accelerates accelerated accelerating best better success successful successfully
support supports supported supportive demanded shortage shortages undersupplied breakthrough positive attractive
""")

NEGATIVE_WORDS: Final = _words("""
slump slumps slumped slumping tumble tumbles tumbled tumbling plunge plunges plunged plunging
sink sinks sank sinking slide slides slid sliding fall falls fell fallen falling drop drops dropped dropping
decline declines declined declining decrease decreases decreased decreasing lower lowered lowers lows
down downbeat downtrend downturn downside downgrade downgrades downgraded downward
weak weaker weakest weakness weaken weakens weakened weakening soft softer softening soften softens sluggish
glut gluts oversupply oversupplied surplus burdensome flood flooded
loss losses losing lose loses lost deficit deficits unprofitable bearish bears pessimism pessimistic
outbreak outbreaks disease diseases epidemic virus culling cull culled quarantine quarantined contaminated
recall recalls recalled ban bans banned embargo tariff tariffs retaliatory dispute disputes
crash crashes crashed collapse collapses collapsed selloff sell-off rout slaughtered
shrink shrinks shrank shrinking shrunk cut cuts cutting layoff layoffs redundancies
slow slows slowed slowing slowdown stagnant stagnation worse worst worsen worsens worsened worsening
miss misses missed disappoint disappoints disappointed disappointing concern concerns worry worries worried fear fears
lawsuit lawsuits bankrupt bankruptcy default defaults halted shutdown shutdowns closure closures closing strike strikes
negative poor poorer hurt hurts pressure pressured pressures backlog backlogs stall stalled stalls warn warns warned
warning impairment suspend suspended suspends delay delays delayed lag lags lagged lagging
""")

POSITIVE_PHRASES: Final = (
    "all time high", "better than expected", "limit up", "net profit", "record demand", "record exports", "record high",
    "short supplies", "short supply", "strong demand", "supplies tighten", "tight supplies", "tight supply",
    "turned to profit", "turned to a profit",
)  # fmt: skip

NEGATIVE_PHRASES: Final = (
    "all time low", "ample supplies", "ample supply", "demand destruction", "heavy supplies", "job cuts", "limit down",
    "profit warning", "record low", "record slaughter", "record supplies", "weak demand", "worse than expected",
)  # fmt: skip

# A fall of these is good news, a rise bad: "losses narrowed", "costs fell", "loss decreased".
ADVERSE_NOUNS: Final = _words(
    "loss losses deficit deficits cost costs expense expenses unemployment debt debts surplus"
)
SHRINKING_WORDS: Final = _words("""
narrow narrows narrowed narrowing shrank shrink shrinks fell fall falls decreased decrease decreases declined declines
drop dropped drops reduced reduces reduce lower lowered cut cuts
""")
GROWING_WORDS: Final = _words(
    "widen widens widened widening rose rise rises increased increase increases grew grow grows"
)

NEGATIONS: Final = _words("""
not no never neither nor without hardly barely isn't wasn't aren't don't doesn't didn't won't cannot can't fails failed
unlikely
""")

INTENSIFIERS: Final[dict[str, float]] = {
    "barely": 0.5, "considerably": 1.5, "extremely": 1.75, "heavily": 1.5, "hugely": 1.75, "marginally": 0.5,
    "mildly": 0.6, "moderately": 0.75, "modestly": 0.6, "notably": 1.25, "record": 1.5, "sharp": 1.5, "sharply": 1.5,
    "significantly": 1.5, "slightly": 0.5, "somewhat": 0.75, "steep": 1.5, "steeply": 1.5, "strongly": 1.5,
    "substantially": 1.5, "very": 1.4,
}  # fmt: skip
