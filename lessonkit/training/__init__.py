"""How do the weights change?"""

from lessonkit.training.descent import OPTIMISERS, Descent, descent
from lessonkit.training.fitting import Tuned, falling, fit, tune
from lessonkit.training.losses import mean_loss, squared_error, yes_no_loss

__all__ = [
    "OPTIMISERS",
    "Descent",
    "Tuned",
    "descent",
    "falling",
    "fit",
    "mean_loss",
    "squared_error",
    "tune",
    "yes_no_loss",
]
