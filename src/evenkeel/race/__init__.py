"""The race: every remedy on the same folds, judged by the same rules."""

from evenkeel.race.backends import connected, map_trials
from evenkeel.race.budget import Budget, about
from evenkeel.race.canaries import Canary, shuffled_labels
from evenkeel.race.comparison import Comparison, compare, entry_pairs, judge_all
from evenkeel.race.error_costs import cost_numbers
from evenkeel.race.judge import Entry, Judge
from evenkeel.race.nested import CrossChosen, cross_chosen, judge_nested
from evenkeel.race.schedule import Results, run_race
from evenkeel.race.trial import DUMMY, Course, Outcome, Trial, fit_whole, run_trial

__all__ = [
    "DUMMY",
    "Budget",
    "Canary",
    "Comparison",
    "Course",
    "CrossChosen",
    "Entry",
    "Judge",
    "Outcome",
    "Results",
    "Trial",
    "about",
    "compare",
    "connected",
    "cost_numbers",
    "cross_chosen",
    "entry_pairs",
    "fit_whole",
    "judge_all",
    "judge_nested",
    "map_trials",
    "run_race",
    "run_trial",
    "shuffled_labels",
]
