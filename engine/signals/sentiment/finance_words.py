"""Further knowledge of tone: words, phrases and phrases without tone in news of companies and of markets.

`word_lists.py` holds the vocabulary that the simulated venue draws from and stays as it is; what was learned since
stands here. Written for this project from general knowledge of financial news and from labelled sentences whose hash
is even; sentences with an odd hash were never read (see tests/engine/signals/sentiment/lexicon_scorer).
"""

from __future__ import annotations

from typing import Final

from engine.signals.sentiment.vocabulary import phrase_set, word_set

GOOD_WORDS: Final = word_set("""
bounce bounces bounced spurt spurts spurted thrive thrives thriving upped upsized uptick uplift upswing upside
rocketed skyrocket skyrockets skyrocketed topped tops steadies steadied breakout outpace outpaces outpaced surpass
surpasses surpassed satisfied satisfactory pleased delighted excited proud promising efficient succeed succeeds
succeeded milestone savings healthier progressed prosper prosperous lucrative rewarding smoothly overweight reinstated
reinstates retake retakes retook undervalued oversold speeded bull firmed strong-buy upgrading high-growth buyback
buybacks
""")

BAD_WORDS: Final = word_set("""
slip slips slipped slipping dip dips dipped dipping eases eased retreat retreats retreated outflow outflows
profit-taking profit-booking waning wane wanes diminish diminished diminishes diminishing suffer suffers suffered
suffering trouble troubles troubled damage damaged deteriorate deteriorates deteriorated deteriorating deterioration
struggle struggles struggled struggling plummet plummets plummeted nosedive nosedives skid skids skidded stumble
stumbles stumbled tanked fraud bribery sued sues writedown writedowns write-down write-downs write-off write-offs
underperform underperforms underperformed underperformance underweight vulnerable shortfall recession crisis lowest
overbought overvalued erode eroded erodes dent dented dents dampened criticised criticized criticising criticizing
terminated insolvency insolvent turmoil meltdown delist delisted delisting fined writeoff hampered dismal gloomy bleak
downsizing
""")

GOOD_PHRASES: Final = phrase_set("""
price target raised, target raised, raises price target, raised to buy, raised to outperform, raised to overweight
started at buy, starts at buy, initiated at buy, buy rating, strong buy, conviction list, target price raised
upgraded to, swung to profit, swing to profit, swings to profit, swing to a profit, swung to a profit
returned to profit, back to profit, return to profit, turned profitable, to a net profit, swing back, strike a deal
strikes deal, strikes a deal, struck a deal, bargain hunting, bargain buying, buying frenzy, safe haven demand
seasonal demand, investment demand, physical demand, festive demand, good demand, picks up, picked up, pick up
gone up, goes up, bounces back, bounce back, bounced back, record earnings, record profit, record sales
record results, never been more bullish, never been this bullish, never been this optimistic
never been more optimistic, ban lifted, lifts ban, lifted ban, lifts its ban, trade deal signed, well positioned
well ahead, developed well, did well, succeeded well, progressed well, manages well, started well
customer base, market leader, leading position, long term relationship, strategic relationship, product of the year
cost savings, annual savings, raises guidance, raised guidance, raises outlook, raised outlook, raises forecast
lifts outlook, lifts forecast, raises dividend, raised its dividend, dividend hike, dividend increase, hikes dividend
never been stronger, never been better, never been higher, never been tighter, signs of recovery
off lows, off the lows, off low, more efficient, export ban lifted
""")

BAD_PHRASES: Final = phrase_set("""
price target cut, target cut, target lowered, price target lowered, cuts price target, cut to sell, cut to neutral
cut to hold, cut to underperform, downgraded to, sell rating, target price cut, cuts guidance, cut guidance
lowers guidance, lowered guidance, cuts outlook, cuts forecast, cuts dividend, cut its dividend, suspends dividend
slipped to a net loss, slipped to a loss, slips to a loss, swung to loss, swung to a loss, swings to a loss
swung to a net loss, to a net loss, slumped to a loss, sell off, sells off, selling off, sold off, gives up, gave up
give up gains, trims gains, trim gains, trimmed gains, pares gains, pare gains, pared gains, profit taking
profit booking, losing streak, snaps winning streak, off highs, off the highs, off high, off session highs, shut down
shuts down, shutting down, slow down, slows down, slowed down, slowing down, break down, breaks down, laid off
lay off, lays off, laying off, temporary lay-offs, cast a cloud, casting a cloud, counter claims
below the estimate, below the analyst estimate, below estimates, below expectations, below forecasts, will not pay
chapter 11, money laundering, going concern, reduce sales, reduced sales, under pressure, bear market, death cross
head lower, heads lower, never been weaker, never been worse, never been lower, never been softer, never been poorer
""")

# Words of these phrases carry no tone there.
TONELESS_PHRASES: Final = phrase_set("""
set up, sets up, setting up, take up, takes up, took up, taken up, taking up, drawn up, drew up, draw up, open up
opens up, opened up, make up, makes up, made up, sign up, signs up, signed up, follow up, shake up, shakes up
shook up, start up, back up, ties up, shape up, keep up, keeps up, link up, look up, heads up, catch up, clean up
round up, up for, up for sale, up for auction, up and running, speak up, stand up, show up, shows up, beefs up
grown up, brush up, step down, steps down, stepped down, stepping down, breaking down, sit down, broken down by
closing of, upon closing, at closing, closing price, closing prices, closing bell, closing conditions, closing time
closing high, closing level, closing levels, closing stock, closing remarks, highest closing, cutting edge, clear cut
rate cut, rate cuts, interest rate cut, tax cut, tax cuts, slaughtering and cutting, order backlog, order backlogs
backlog of orders, growth market, growth markets, growth stock, growth stocks, growth company, growth companies
growth strategy, growth fund, growth funds, growth capital, growth equity, strategy and growth, growth initiatives
support services, support functions, support service, technical support, customer support, maintenance and support
management support, support and planning, application support, service support, support level, support levels
key support, support group, and support services, support team, will support, to support, supported by, in advance
advance payment, advanced technology, advanced technologies, increase in share capital, increase of share capital
share capital increase, capital increase, this increase, declined comment, declined to, declines to, any gains
capital gain, capital gains, home improvement, strike price, strike prices, last fall, this fall, in the fall
fall season, fall colors, fall fashion, best buy, best practice, best practices, best known, by default
default settings, default rate, will concern, would concern, negotiations concern, swedish concern, finnish concern
german concern, showed up, shown up, dried up, dries up, the firm, a firm, this firm, our firm, its firm, estate firm
equity firm, capital firm, law firm, consulting firm, research firm, software firm, security firm, engineering firm
technology firm, investment firm, brokerage firm, advisory firm, accounting firm, startup firm, energy firm
mining firm, firm is, firm has, firm will, firm said, firm says, firm that, firm which, firm s, firm dollar
firm overseas trend, plant expansion, the expansion is, expansion is to, expansion of the plant, expansion project
recall that, negative interest, interest rates, stop loss, stop losses, strong dollar, stronger dollar, weak dollar
weaker dollar, strong us dollar, weak us dollar, stronger us dollar, weaker us dollar, firm us dollar, firmer dollar
softer dollar, dollar strength, dollar weakness, strong greenback, weaker rupee, stronger rupee, weak rupee
strong rupee, lower house, lower saxony, upside down, double room, double bed, falls church, rose garden, drop off
drop box, drop the ball, dropped the ball, awarded to, not only, gain on the sale, loss on the sale, soft drink
soft drinks, soft wheat, soft red
""")

# Less of something bad ("cut costs", "narrowed its loss", "lifts tariffs") and more of it ("imposes tariffs").
LESS: Final = word_set("""
cut cuts cutting reduce reduces reduced reducing narrow narrows narrowed narrowing shrink shrinks shrank dampened trim
trims trimmed ease eases eased lower lowers lowered lowering halve halves halved slash slashes slashed drop drops
dropped remove removes removed scrap scraps scrapped suspend suspends suspended lift lifts lifted decrease decreases
decreased fewer smaller pare pares pared paring
""")
MORE: Final = word_set("""
impose imposes imposed imposing raise raises raised increase increases increased increasing higher rising mounting
widen widens widened growing grow grew bigger larger soaring surging additional
""")
BURDENS: Final = word_set("""
cost costs loss losses debt debts deficit expense expenses expenditure tariff tariffs ban bans sanctions duties
restrictions unemployment inventories delays errors claims complaints
""")
# "cut bearish forecasts", "raise bearish bets": the opinion is a burden where one of these follows it.
OPINIONS: Final = word_set("bearish")
STAKES: Final = word_set("bet bets position positions forecast forecasts view views outlook wager wagers call calls")

# Before a tone word these turn it round as a negation does: "erase gains", "snap a decline", "far from strong".
UNDOING: Final = word_set("""
erase erases erased snap snaps snapped stop stops stopped stopping reverse reverses reversed doubt
doubts doubtful fail failing
""")
UNDOING_PHRASES: Final = phrase_set("far from, anything but, so much for, give back, gives back, gave back, end to")
# Behind a tone word, these turn it round: "hopes of a rebound fade", "the worst is over".
FADING: Final = word_set("fade fades faded fading evaporate evaporates evaporated vanish vanishes vanished")
FADING_PHRASES: Final = phrase_set("""
is over, are over, was over, less than feared, less than expected, less than forecast, less than anticipated
""")

# Of a traded thing more supply is bad for its price and less is good: "hog slaughter falls", "weak hog supply".
TRADED: Final = word_set("""
hog hogs pig pigs pork swine sow sows cattle beef steer steers heifer heifers livestock meat poultry corn wheat soybean
soybeans soy grain grains oat oats rice sugar coffee cocoa cotton milk cheese butter lumber
""")
SUPPLY: Final = word_set("""
supply supplies output production slaughter slaughterings inventory inventories stocks stockpiles herd herds
marketings placements kill numbers
""")
MORE_SUPPLY: Final = word_set("""
surge surges surged surging soar soars soared soaring rise rises rose rising jump jumps jumped jumping climb climbs
climbed climbing grow grows grew growing increase increases increased increasing expand expands expanded expanding swell
swells swelled swelling balloon balloons ballooned up higher
""")
LESS_SUPPLY: Final = word_set("""
fall falls fell falling drop drops dropped dropping decline declines declined declining decrease decreases decreased
decreasing shrink shrinks shrank shrinking slump slumps slumped slumping plunge plunges plunged plunging tumble tumbles
tumbled tumbling tighten tightens tightened tightening dwindle dwindles dwindled dwindling down lower
""")
LARGE: Final = word_set(
    "record strong stronger higher larger bigger heavy heavier ample abundant rising growing swelling"
)
SMALL: Final = word_set(
    "weak weaker lower smaller light lighter tight tighter scarce falling declining shrinking dwindling"
)
# "cuts sow herd", "expand pork output"; less slaughter leaves animals to sell, so nothing is said of that.
CUTTING: Final = word_set("cut cuts cutting trim trims trimmed reduce reduces reduced reducing slash slashes slashed")
ENLARGING: Final = word_set(
    "expand expands expanded boost boosts boosted raise raises raised increase increases increased"
)
KILLING: Final = word_set("slaughter slaughterings kill")

# "mostly higher at closing", "closing grain and livestock futures": the end of a session, not of a plant.
SESSION: Final = word_set("""
futures session sessions livestock grain grains cash contract contracts market markets trade trading prices mixed steady
unchanged bell
""")

# "received a significant order", "signed a five-year contract": an order of somebody to the company.
WINS: Final = word_set("""
received receives receiving signed signs secured secures inked bags bagged clinches clinched
""")
ORDERS: Final = word_set("order orders contract contracts deal deals agreement agreements")

# Directions that stand for a noun or an adjective unless a number, an end or one of these words follows.
FOLLOWED_BY_MEASURE: Final = word_set("advanced")
MEASURES: Final = word_set("""
to by on for as in after against from and with amid ahead further sharply slightly more
""")

# A reason, a contrast or an earlier event follows: its tone explains the news and is not the news.
SUBORDINATE: Final = word_set("as after despite amid amidst following on although though while ahead when since")

# "swung to a net profit", "slips to a second-quarter loss".
TURNS: Final = word_set(
    "swing swings swung swinging slip slips slipped turn turns turned return returns returned back plunges plunged"
)
PROFITS: Final = word_set("profit profits profitability black")
LOSSES: Final = word_set("loss losses red")

SPANS: Final = word_set("session historic closing intraday fresh new day week month year decade hour")
MARKS: Final = word_set("level levels close closing settlement finish price prices point since in for")
MOVE_OFF: Final = word_set("from off below")
