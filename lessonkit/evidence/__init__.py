"""What do we assert, and how is it recorded?

A lesson publishes through one object, `Lesson`. This room never imports torch or matplotlib by
itself, so that reading evidence back (to build a page, to list claims) stays fast.
"""

from lessonkit.evidence.lesson import Lesson
from lessonkit.evidence.records import Claim, EvidenceError, Number, Rule, Table

__all__ = ["Claim", "EvidenceError", "Lesson", "Number", "Rule", "Table"]
