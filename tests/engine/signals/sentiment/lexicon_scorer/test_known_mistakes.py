"""Negation and sarcasm: what the word lists understand, and what they get wrong. The mistakes are asserted as they are,
so that a change of the scorer shows here, for better or worse."""

from __future__ import annotations

import pytest

from engine.signals.sentiment.lexicon_scorer import tone
from engine.signals.sentiment.tone_labels import label_of_tone

UNDERSTOOD = [
    ("Demand is not strong", "negative"),
    ("Hog prices failed to rally", "negative"),
    ("Hog prices did not fall", "positive"),
    ("Pork supplies are no longer burdensome", "positive"),
    ("Exports are hardly growing", "negative"),
    ("Neither demand nor prices improved", "negative"),
    ("The report was neither bullish nor bearish", "neutral"),
    ("China lifts its ban on pork", "positive"),
    ("China does not lift its ban on pork", "negative"),
    ("Never been more bullish on hogs", "positive"),
    ("No sign of weakness in pork demand", "positive"),
    ("Without strong exports hogs cannot recover", "negative"),
    ("Prices stopped rising", "negative"),
    ("Far from strong", "negative"),
    ("Anything but weak demand", "positive"),
    ("Hopes of a rebound fade", "negative"),
    ("Fears of a glut fade", "positive"),
    ("The rally is over", "negative"),
    ("The worst is over for hogs", "positive"),
    ("Hog futures give back gains", "negative"),
    ("Hog futures erase gains", "negative"),
    ("Hog futures snap losing streak", "positive"),
    ("Hog futures pare losses", "positive"),
    ("Hog prices fail to rise", "negative"),
    ("Pork exports never been weaker", "negative"),
    ("Hog prices decline less than feared", "positive"),
    ("Hog prices rose less than expected", "negative"),
    ("Analysts cut bearish hog forecasts", "positive"),
    ("Funds raise bearish bets on hogs", "negative"),
]
MISTAKES = [
    # text, what it means, what the scorer says
    ("Losses were not as bad as feared", "positive", "negative"),  # negation behind the tone word
    ("The rally that never was", "negative", "positive"),
    ("It is not unlikely that prices rise", "positive", "negative"),  # double negation
    ("Prices could hardly be worse", "negative", "positive"),  # superlative by comparison
    ("Prices could hardly be better", "positive", "negative"),
    ("Packers won't raise bids", "negative", "neutral"),
    ("Not a single buyer showed up", "negative", "neutral"),
    ("Selling has dried up", "positive", "neutral"),
    ("Analysts doubt that demand will improve", "negative", "positive"),  # negation too far ahead
    ("Would hogs rally if exports rose?", "neutral", "positive"),  # question, condition
    ("So much for the glut", "positive", "negative"),  # dismissal
    ("So much for the rally", "negative", "positive"),
    ("Bulls are trapped", "negative", "positive"),
    ("Bears are trapped", "positive", "negative"),
    ("Losses in hogs were smaller than feared", "positive", "negative"),
    ("Fire at a packing plant: hog slaughter falls", "negative", "positive"),  # who cannot kill cannot buy
    ("Hog futures end winning streak", "negative", "neutral"),
    ("Just what producers needed: even more pork", "negative", "neutral"),  # sarcasm
    ("Brilliant timing: export ban announced hours before the rally", "negative", "neutral"),
    ("If this is a crash I will take two of them, hogs up again", "positive", "neutral"),
    ("Wonderful, brisk trade in excuses and record highs in misery", "negative", "positive"),
    ("Congratulations to packers on another strong quarter of paying producers nothing", "negative", "positive"),
    ("Hogs rallied all the way from 60 to 58", "negative", "positive"),
]


@pytest.mark.parametrize(("text", "meaning"), UNDERSTOOD)
def test_negation_that_is_understood(text: str, meaning: str) -> None:
    assert label_of_tone(tone(text)) == meaning


@pytest.mark.parametrize(("text", "meaning", "said"), MISTAKES)
def test_what_is_misunderstood(text: str, meaning: str, said: str) -> None:
    assert meaning != said
    assert label_of_tone(tone(text)) == said
