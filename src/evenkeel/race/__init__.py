"""The race: every remedy on the same folds, judged by the same rules."""

from evenkeel.race.backends import map_trials
from evenkeel.race.comparison import Comparison, compare, entry_pairs, judge_all
from evenkeel.race.judge import Entry, Judge
from evenkeel.race.schedule import Results, run_race
from evenkeel.race.trial import DUMMY, Course, Outcome, Trial, cost_numbers, fit_whole, run_trial

__all__ = [
    "DUMMY",
    "Comparison",
    "Course",
    "Entry",
    "Judge",
    "Outcome",
    "Results",
    "Trial",
    "compare",
    "cost_numbers",
    "entry_pairs",
    "fit_whole",
    "judge_all",
    "map_trials",
    "run_race",
    "run_trial",
]
