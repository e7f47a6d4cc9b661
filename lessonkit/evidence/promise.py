"""A promise: a claim, judged over all networks that are known to have been asked.

A run is a sample of seeds on one machine, and another machine is another sample. So what a page
promises is judged at the median over this run's networks and those of the recorded replications
together: one odd sample cannot break what fifty networks support, and one lucky sample cannot keep
what they contradict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lessonkit.evidence import display
from lessonkit.evidence.claim import Claim
from lessonkit.evidence.replication import Replication

ENOUGH_NETWORKS, ENOUGH_MACHINES = 20, 2  # that overrule what this machine measured


@dataclass(frozen=True)
class Promise:
    """A claim as measured here, and the same claim in every record of the same code."""

    name: str
    claim: Claim  # this run's
    records: tuple[Replication, ...] = ()  # that measured it, too

    @cached_property
    def elsewhere(self) -> Claim | None:
        """The claim over the networks of the records alone."""
        if not self.records:
            return None
        sides = [record.claims[self.name] for record in self.records]
        values, trapped = ([value for side in sides for value in side[n]] for n in (0, 1))
        return replace(self.claim, values=values, trap_values=trapped)

    @cached_property
    def together(self) -> Claim:
        """The claim over all networks known: this run's and the records'."""
        if self.elsewhere is None:
            return self.claim
        return replace(
            self.claim,
            values=[*self.claim.values, *self.elsewhere.values],
            trap_values=[*self.claim.trap_values, *self.elsewhere.trap_values],
        )

    @property
    def machines(self) -> int:
        """On how many kinds of machine it was replicated."""
        return len({record.machine for record in self.records})

    @property
    def replicated(self) -> str:
        """What the records say: "inside in 49 of 50 fresh networks, 2 kinds of machine"."""
        if self.elsewhere is None:
            return "not replicated since its last change"
        kinds = f"{self.machines} kind{'s' * (self.machines > 1)} of machine"
        inside, count = self.elsewhere.inside, len(self.elsewhere.values)
        networks = f"fresh {'run' if self.claim.exact else 'network'}{'s' * (count != 1)}"
        return f"inside in {inside} of {count} {networks}, {kinds}"

    @property
    def problem(self) -> str | None:
        """Why the promise is broken, or None."""
        here, rest = self.claim.problem, self.elsewhere
        if rest is None or not self.claim.judged:
            return here
        if self.together.problem:
            return f"{self._sides}. Over all networks known: {self.together.problem}"
        if here and not self._overruled:
            return (
                f"{self._sides}. {here} It takes {ENOUGH_NETWORKS} networks on {ENOUGH_MACHINES} "
                "kinds of machine to overrule what this one measured."
            )
        return None

    @property
    def verdict(self) -> str:
        """What is published: the verdict over all networks known."""
        return self.together.verdict

    @property
    def standing(self) -> str:
        """The verdict with the count here; where machines disagree, with the count of all."""
        return self.together.standing if self.disagreement else self.claim.standing

    @property
    def disagreement(self) -> str:
        """What must be said where this machine and the records do not agree, or ""."""
        if self.elsewhere is None or not self.claim.judged:
            return ""
        same = self.claim.verdict == self.elsewhere.verdict
        traps = self.claim.trap_verdict == self.elsewhere.trap_verdict
        return "" if same and traps else self._sides

    @property
    def _overruled(self) -> bool:
        rest = self.elsewhere
        return (
            rest is not None
            and rest.problem is None
            and len(rest.values) >= ENOUGH_NETWORKS
            and self.machines >= ENOUGH_MACHINES
        )

    @property
    def _sides(self) -> str:
        rest = self.elsewhere
        assert rest is not None
        here = f"here: {self.claim.inside} of {len(self.claim.values)} inside"
        sides = f"{here}; elsewhere {rest.inside} of {len(rest.values)}"
        if self.claim.verdict == rest.verdict:  # it is the trap that they do not agree about
            format, unit = self.claim.format, self.claim.unit
            traps = (display.middle(c.trap_values, format, unit) for c in (self.claim, rest))
            sides += ", and the trap gave {}; elsewhere {}".format(*traps)
        return sides

    @property
    def thin(self) -> str:
        """Why another sample might come out otherwise, or ""."""
        return self.together.thin


def promises(
    claims: dict[str, Claim], records: Sequence[Replication], seeds: Sequence[int], machine: object
) -> dict[str, Promise]:
    """Put claims and records together; a network that is in both counts once, as this run's.

    Args:
        claims: of the run.
        records: of the same code and profile.
        seeds: of the run.
        machine: the kind of machine of the run.
    """
    others = [r for r in records if r.machine != machine or set(r.seeds).isdisjoint(seeds)]
    return {
        name: Promise(name, claim, tuple(r for r in others if name in r.claims))
        for name, claim in claims.items()
    }
