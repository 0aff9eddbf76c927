"""The policy's rules for engineering issues: their text, their impact, what is synced and who wins, and how tickets are told."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.durations import Duration
from domain.frozen import Frozen
from domain.issue_facts import IssueSection
from domain.issues import IssueMeaning, SyncedField, Tracker, Visibility
from domain.own_patterns import problem_of
from domain.tiers import Priority


class RequestKind(StrEnum):
    """What a ticket is to engineering: something broken, or something wished for. They are counted apart."""

    BUG = "bug"
    FEATURE = "feature"


class Winner(StrEnum):
    """Who is right where both sides changed a field since the last sync."""

    TRACKER = "tracker"
    TIERLINE = "tierline"
    NEWEST = "newest"


_HEAVIEST = 1_000_000
"""A weight has a limit, so that no number of tickets makes a score that JSON cannot write."""
_Weight = Annotated[float, Field(ge=-_HEAVIEST, le=_HEAVIEST)]


class ImpactWeights(Frozen):
    """What an issue's impact is made of: score = tickets x ``ticket`` + distinct customers x ``customer`` + the sum of the customers' ``plans``
    + the weight of the gravest ticket's ``severity`` + tickets of the last seven days x ``growth`` + days since the first ticket x ``age``
    (at most ``oldest`` days).
    """

    ticket: Annotated[float, Field(ge=0, le=_HEAVIEST, description="For each ticket.")] = 1
    customer: Annotated[float, Field(ge=0, le=_HEAVIEST, description="For each distinct customer.")] = 3
    plans: Annotated[
        dict[str, _Weight], Field(description="For each customer on a plan; other plans weigh nothing more.")
    ] = Field(default_factory=dict)
    severity: Annotated[dict[Priority, _Weight], Field(description="For the gravest ticket.")] = Field(
        default_factory=lambda: {Priority.P1: 20.0, Priority.P2: 10.0, Priority.P3: 3.0, Priority.P4: 0.0}
    )
    growth: Annotated[float, Field(ge=0, le=_HEAVIEST, description="For each ticket of the last seven days.")] = 1
    age: Annotated[float, Field(ge=0, le=_HEAVIEST, description="For each day since the first ticket.")] = 0.2
    oldest: Annotated[int, Field(ge=0, le=36_500, description="Days of age that count at most.")] = 90


class ImpactClass(Frozen):
    """A class of impact, from a score on."""

    name: Annotated[str, Field(min_length=1, max_length=40, description="Shown in summaries, such as high.")]
    at: Annotated[float, Field(ge=0, le=1e15, description="The score from which it holds.")]
    priority: Annotated[str | None, Field(description="The tracker's own name of a priority (Jira).")] = None
    labels: Annotated[tuple[str, ...], Field(description="Labels that an issue of the class has, and no other.")] = ()


class ImpactRules(Frozen):
    """How impact is scored, and what follows from it. Without ``classes`` nothing is set in the tracker."""

    weights: Annotated[ImpactWeights, Field(description="What the score is made of.")] = ImpactWeights()
    classes: Annotated[tuple[ImpactClass, ...], Field(description="From the lowest score to the highest.")] = ()
    features: Annotated[tuple[ImpactClass, ...], Field(description="The same for feature requests.")] = ()

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        for name, classes in (("classes", self.classes), ("features", self.features)):
            scores = [each.at for each in classes]
            if scores != sorted(set(scores)):
                raise ValueError(f"{name}: write them from the lowest `at` to the highest, each once")
        return self

    def class_of(self, score: float, kind: RequestKind) -> ImpactClass | None:
        """The class of a score; None below the lowest."""
        classes = self.features if kind is RequestKind.FEATURE else self.classes
        return next((each for each in reversed(classes) if score >= each.at), None)


class DuplicateRules(Frozen):
    """Likely duplicates are shown before an issue is opened."""

    similarity: Annotated[
        int, Field(ge=1, le=100, description="From this likeness on (0 to 100) an issue is shown.")
    ] = 60
    closed_within: Annotated[Duration, Field(description="Closed issues count for this long.")] = timedelta(days=30)
    wait: Annotated[Duration, Field(description="An issue is opened when nobody has chosen within this time.")] = (
        timedelta(minutes=15)
    )
    most: Annotated[int, Field(ge=1, le=10, description="How many are shown.")] = 3


class FanOutRules(Frozen):
    """How the tickets of an issue are told of news."""

    per_second: Annotated[float, Field(gt=0, le=1_000, description="Tickets told a second, of one issue.")] = 50
    batch: Annotated[int, Field(ge=1, le=1_000, description="Tickets told by one activity.")] = 200


class SummaryRules(Frozen):
    """The living summary on an issue."""

    every: Annotated[Duration, Field(description="It is edited at most this often.")] = timedelta(minutes=1)
    linked: Annotated[
        int, Field(ge=0, le=100, description="Tickets that are linked one by one (Jira's remote links).")
    ] = 20


class RedactionRules(Frozen):
    """What else is taken out of texts for a tracker, beside what always is."""

    patterns: Annotated[
        dict[str, str],
        Field(
            max_length=20,
            description="Own patterns (regular expressions, looked for in each line) by the word that stands instead, as `[word]`.",
        ),
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        problems = [(word, problem_of(word, pattern)) for word, pattern in self.patterns.items()]
        wrong = [f"patterns.{word}: {problem}" for word, problem in problems if problem is not None]
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


class ShareRules(Frozen):
    """What of a ticket reaches the text of an issue, by who can read the project."""

    private: Annotated[
        tuple[IssueSection, ...], Field(description="In projects that the company alone reads; all, if left out.")
    ] = tuple(IssueSection)
    public: Annotated[
        tuple[IssueSection, ...],
        Field(description="In projects that strangers read: what was written for engineers, and what names nobody."),
    ] = (IssueSection.IMPACT, IssueSection.REPRODUCTION, IssueSection.ENVIRONMENT, IssueSection.FIRST_SEEN)

    def of_project(self, rules: "ProjectRules") -> frozenset[IssueSection]:
        """What the issues of the project with these rules tell."""
        if rules.shares is not None:
            return frozenset(rules.shares)
        return frozenset(self.public if rules.public else self.private)


class ReconcileRules(Frozen):
    """Catches up from the trackers' own change feeds."""

    every: Annotated[Duration, Field(description="How often it looks.")]
    look_back: Annotated[Duration, Field(description="How far the first look goes back.")] = timedelta(days=1)
    channel: Annotated[str | None, Field(description="The Slack channel's id that hears what it mended.")] = None


class ProjectRules(Frozen):
    """What holds in one project (Jira's key) or repository (owner/repository)."""

    statuses: Annotated[
        dict[str, IssueMeaning],
        Field(description="What a status, or a resolution, means; else the status category tells."),
    ] = Field(default_factory=dict)
    wait_for_release: Annotated[
        bool,
        Field(description="A fix reaches the customers with its release (Jira's fix version, GitHub's milestone)."),
    ] = False
    reopen_to: Annotated[str | None, Field(description="The status that a reopened issue gets (Jira).")] = None
    public: Annotated[bool, Field(description="Strangers read it: texts are redacted more strictly.")] = False
    shares: Annotated[
        tuple[IssueSection, ...] | None,
        Field(description="What of a ticket its issues tell; as `engineering.shares` says, if left out."),
    ] = None


class EngineeringRules(Frozen):
    """Everything that a team decides about engineering issues."""

    impact: Annotated[ImpactRules, Field(description="How an issue's impact is scored, and what follows.")] = (
        ImpactRules()
    )
    duplicates: Annotated[DuplicateRules | None, Field(description="Left out: none are looked for.")] = None
    fan_out: Annotated[FanOutRules, Field(description="How fast the tickets of an issue are told.")] = FanOutRules()
    summary: Annotated[SummaryRules, Field(description="The living summary on an issue.")] = SummaryRules()
    comments: Annotated[
        Visibility, Field(description="Who may read Tierline's comments, unless a person says otherwise.")
    ] = Visibility.INTERNAL
    reopen_after: Annotated[
        int | None,
        Field(ge=1, description="A fixed issue is reopened after this many tickets were reopened by customers."),
    ] = None
    conflicts: Annotated[
        dict[SyncedField, Winner], Field(description="Who wins where both sides changed a field; else the tracker.")
    ] = Field(default_factory=dict)
    projects: Annotated[dict[str, ProjectRules], Field(description="By Jira key or owner/repository.")] = Field(
        default_factory=dict
    )
    redaction: Annotated[RedactionRules, Field(description="What else is taken out of texts.")] = RedactionRules()
    shares: Annotated[ShareRules, Field(description="What of a ticket its issues tell, and to whom.")] = ShareRules()
    template: Annotated[
        str | None,
        Field(
            max_length=20_000,
            description="The issue's text, a Jinja template; left out, the one in docs/engineering.md.",
        ),
    ] = None
    reconcile: Annotated[ReconcileRules | None, Field(description="Left out: only webhooks are heard.")] = None

    def of_project(self, project: str) -> ProjectRules:
        """The rules of a project; their defaults where the policy has none. Names are compared in any case of letters."""
        return _rules_of(self.projects, project)

    def shared_in(self, project: str) -> frozenset[IssueSection]:
        """What of a ticket the issues of a project tell."""
        return self.shares.of_project(self.of_project(project))


class IssueRules(Frozen):
    """What the workflow of one issue goes by. ``channel`` is the Slack channel whose lead is asked, ``lead`` that lead."""

    tracker: Tracker | None = None
    impact: ImpactRules = ImpactRules()
    fan_out: FanOutRules = FanOutRules()
    summary: SummaryRules = SummaryRules()
    comments: Visibility = Visibility.INTERNAL
    reopen_after: int | None = None
    conflicts: dict[SyncedField, Winner] = Field(default_factory=dict)
    projects: dict[str, ProjectRules] = Field(default_factory=dict)
    shares: ShareRules = ShareRules()
    channel: str | None = None
    lead: str | None = None

    def of_project(self, project: str) -> ProjectRules:
        """The rules of a project, which may change as the issue is moved."""
        return _rules_of(self.projects, project)

    def shared_in(self, project: str) -> frozenset[IssueSection]:
        """What of a ticket the issues of a project tell."""
        return self.shares.of_project(self.of_project(project))


def _rules_of(projects: Mapping[str, ProjectRules], project: str) -> ProjectRules:
    wanted = project.casefold()
    return next((rules for name, rules in projects.items() if name.casefold() == wanted), ProjectRules())
