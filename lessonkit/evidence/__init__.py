"""What do we assert, and how is it recorded?

A lesson publishes through one object, `Lesson`. This room never imports torch or matplotlib by
itself, so that reading evidence back (to build a page, to list claims) stays fast.
"""

from lessonkit.evidence.citation import Citation
from lessonkit.evidence.claim import Claim
from lessonkit.evidence.figure import Figure
from lessonkit.evidence.lesson import Lesson
from lessonkit.evidence.number import Number
from lessonkit.evidence.record import EvidenceError, Record
from lessonkit.evidence.rule import Rule
from lessonkit.evidence.sound import Sound
from lessonkit.evidence.table import Table

__all__ = [
    "Citation",
    "Claim",
    "EvidenceError",
    "Figure",
    "Lesson",
    "Number",
    "Record",
    "Rule",
    "Sound",
    "Table",
]
