"""What follows in the tracker from an issue's impact, and from a person who decided otherwise."""

from domain.engineering_rules import ImpactRules, ImpactWeights
from domain.issue_intents import AskLead
from domain.issue_messages import IssueRulesChanged, TicketLeft, TimeCame
from domain.issues import IssueCategory, SyncedField
from domain.messages import IssueChanged
from tests.domain.issue_life import CLASSES, DAY, GITHUB_ISSUE, HOUR, MINUTE, Life, by_engineer, the_rules


def a_low_issue(life: Life | None = None) -> Life:
    """One ticket; the tracker has the priority and the label of the class already."""
    return (life or Life()).joined("T-1").reads(labels=("impact-low",)).later()


def a_high_issue() -> Life:
    """Four tickets, and Tierline has set what follows."""
    return a_low_issue().joined("T-2", "T-3", "T-4").reads().set_in_tracker().reads().later()


def set_by_hand(life: Life, priority: str) -> Life:
    """An engineer sets the priority."""
    return life.reads(priority=priority, stamps={SyncedField.PRIORITY: by_engineer(life.now)}).later()


def test_a_class_that_is_reached_sets_the_priority_and_the_labels_after_a_look_at_the_truth() -> None:
    life = a_low_issue().joined("T-2", "T-3")
    assert not life.intents or life.changes is None
    life.joined("T-4")
    assert life.reads_again
    assert life.changes is None
    life.reads()
    assert life.changes is not None
    assert (life.changes.priority, life.changes.add_labels) == ("High", ("impact-high",))
    life.set_in_tracker().reads()
    assert life.changes is None
    assert not life.written
    assert [body.priority for body in life.told_of(IssueChanged)] == ["High"]
    assert not life.reads().told


def test_another_class_is_told_to_the_tickets_and_another_score_is_not() -> None:
    life = a_low_issue().joined("T-2")
    assert [body.impact for body in life.told_of(IssueChanged)] == ["low"]  # the welcome of the ticket itself
    life.joined("T-3", "T-4")
    assert [body.impact for body in life.told_of(IssueChanged)][-1] == "high"


def test_only_labels_that_tierline_put_on_are_taken_off() -> None:
    """An engineer put ``impact-low`` on; Tierline put ``impact-high`` on."""
    life = a_high_issue()
    assert life.shown.labels == ("impact-low", "impact-high")
    life.joined(*(f"T-{n}" for n in range(5, 21))).reads()
    assert life.changes is not None
    assert life.changes.add_labels == ("impact-severe",)
    assert life.changes.remove_labels == ("impact-high",)


def test_a_label_that_a_person_took_off_stays_off_while_the_class_holds() -> None:
    life = a_high_issue().reads(labels=("impact-low",)).joined("T-5")
    assert not life.reads_again
    life.reads()
    assert life.changes is None


def test_own_labels_that_come_back_as_an_echo_are_no_news() -> None:
    """gh-jira-sync-bot 59: what a bot puts on comes back to it as a change, and is put on again for ever."""
    life = Life(ref=GITHUB_ISSUE).joined("T-1").reads().set_in_tracker()
    assert life.shown.labels == ("impact-low",)
    for _ in range(5):
        life.later().hint().reads()
        assert life.changes is None
        assert not life.told


def test_github_knows_no_priority_and_gets_the_labels_alone() -> None:
    life = Life(ref=GITHUB_ISSUE).joined("T-1").reads()
    assert life.changes is not None
    assert (life.changes.priority, life.changes.add_labels) == (None, ("impact-low",))


def test_a_priority_set_by_hand_stays_until_the_evidence_changes_class_and_then_asks() -> None:
    life = set_by_hand(a_low_issue(), "Lowest")
    life.joined("T-2", "T-3").reads()
    assert life.changes is None
    life.joined("T-4")
    assert "set High, or keep Lowest?" in life.asked[0]
    assert life.of(AskLead)[0].choices
    assert "stays" in life.written[0]
    life.reads()
    assert life.changes is not None
    assert life.changes.priority is None


def test_the_lead_lets_the_priority_follow() -> None:
    life = set_by_hand(a_low_issue(), "Lowest").joined("T-2", "T-3", "T-4").reads().set_in_tracker()
    life.answered(accept=True)
    assert life.reads_again
    life.reads()
    assert life.changes is not None
    assert life.changes.priority == "High"
    life.set_in_tracker().reads()
    assert not life.state.sync.impact.by_hand


def test_the_lead_keeps_it_and_is_asked_again_only_for_another_class() -> None:
    life = set_by_hand(a_low_issue(), "Lowest").joined("T-2", "T-3", "T-4").answered(accept=False)
    assert not life.reads_again
    life.joined("T-5").reads()
    assert not life.asked
    life.joined(*(f"T-{n}" for n in range(6, 21)))
    assert "Highest" in life.asked[-1]


def test_an_answer_to_nothing_changes_nothing() -> None:
    life = a_low_issue().answered(accept=True)
    assert not life.intents


def test_what_tierline_set_itself_is_no_persons_decision() -> None:
    """An echo: our own account, our own value, and no difference."""
    life = a_high_issue()
    assert not life.state.sync.impact.by_hand
    life.joined(*(f"T-{n}" for n in range(5, 21)))
    assert not life.asked
    life.reads()
    assert life.changes is not None
    assert life.changes.priority == "Highest"


def test_another_programs_priority_is_as_good_as_a_persons() -> None:
    """github-for-jira 291 and 403: a bot that ignores all bots overrules legitimate automation."""
    life = a_high_issue()
    triage = by_engineer(life.now).model_copy(update={"by": "triage[bot]"})
    life.reads(priority="Lowest", stamps={SyncedField.PRIORITY: triage}).joined(*(f"T-{n}" for n in range(5, 21)))
    assert "set Highest, or keep Lowest?" in life.asked[-1]


def test_the_same_value_set_by_a_person_is_theirs_as_well() -> None:
    life = a_high_issue()
    set_by_hand(life, "High").joined(*(f"T-{n}" for n in range(5, 21)))
    assert "keep High?" in life.asked[-1]


def test_a_priority_that_a_person_set_before_the_first_ticket_came_stays() -> None:
    life = Life()
    life.shown = life.shown.model_copy(update={"stamps": {SyncedField.PRIORITY: by_engineer(life.now)}})
    life.joined("T-1", "T-2", "T-3", "T-4").reads()
    assert life.changes is not None
    assert life.changes.priority is None
    assert not life.asked


def test_what_an_issue_was_opened_with_is_nobodys_decision() -> None:
    life = Life().joined("T-1", "T-2", "T-3", "T-4").reads()
    assert life.changes is not None
    assert life.changes.priority == "High"


def test_a_score_on_the_border_sets_nothing_back_and_forth() -> None:
    one_a_ticket = ImpactWeights(ticket=1, customer=0, severity={}, growth=0, age=0)
    life = Life(the_rules(impact=ImpactRules(weights=one_a_ticket, classes=CLASSES)))
    life.joined(*(f"T-{n}" for n in range(20))).reads().set_in_tracker().reads()
    assert life.state.sync.impact.name == "high"
    for n in range(5):
        life.hears(TicketLeft(id=f"leave {n}", ticket_id=f"T-{n}"))
        assert not life.reads_again
        life.joined(f"B-{n}")
        assert not life.reads_again
    assert life.state.sync.impact.name == "high"


def test_a_class_that_ends_before_it_was_set_is_not_set() -> None:
    life = a_low_issue().joined("T-2", "T-3", "T-4")
    for ticket in ("T-2", "T-3", "T-4"):
        life.hears(TicketLeft(id=f"leave {ticket}", ticket_id=ticket))
    life.reads()
    assert life.changes is None


def test_a_class_that_changes_while_the_one_before_is_being_set_waits_for_it() -> None:
    """Whatever is read meanwhile is from before or after the change that is on its way: it is no conflict."""
    life = a_low_issue().joined("T-2", "T-3", "T-4").reads()
    on_its_way = life.intents
    life.joined(*(f"T-{n}" for n in range(5, 21))).reads()
    assert life.changes is None
    assert not life.written
    life.intents = on_its_way
    life.set_in_tracker().reads().set_in_tracker().reads()
    assert life.changes is None
    assert life.shown.priority == "Highest"
    assert life.shown.labels == ("impact-low", "impact-severe")
    assert not life.state.sync.wishes.conflicts


def test_what_the_tracker_does_not_take_is_told_to_the_lead_once() -> None:
    life = a_low_issue().joined("T-2", "T-3", "T-4").reads().set_in_tracker(error="there is no priority High")
    assert "there is no priority High" in life.asked[0]
    assert "Correct" in life.asked[0]
    for _ in range(3):
        life.reads().joined("T-5")
        assert life.changes is None
        assert not life.asked


def test_an_issue_that_is_done_is_weighed_no_more() -> None:
    life = a_high_issue().reads(status="Done", category=IssueCategory.DONE)
    for ticket in ("T-1", "T-2", "T-3"):
        life.hears(TicketLeft(id=f"leave {ticket}", ticket_id=ticket))
        assert not life.reads_again
    life.later().reads(status="To Do", category=IssueCategory.TO_DO)
    assert life.state.sync.impact.name == "low"


def test_a_score_that_grows_with_age_is_weighed_again_by_the_day() -> None:
    weights = ImpactWeights(ticket=0, customer=0, severity={}, growth=0, age=1)
    life = Life(the_rules(impact=ImpactRules(weights=weights, classes=CLASSES))).joined("T-1").reads()
    for _ in range(5):
        assert life.deadline == life.now + DAY
        life.later(DAY).hears(TimeCame())
    assert life.reads_again
    assert life.state.sync.impact.name == "low"


def test_a_policy_with_other_classes_is_followed_at_once() -> None:
    life = a_low_issue()
    cheaper = tuple(each.model_copy(update={"at": each.at / 5}) for each in CLASSES)
    life.hears(
        IssueRulesChanged(
            id="p", rules=the_rules(impact=ImpactRules(weights=life.state.rules.impact.weights, classes=cheaper))
        )
    )
    assert life.told_of(IssueChanged)[0].impact == "high"
    assert life.reads_again


def test_without_classes_nothing_is_set_and_nothing_waits() -> None:
    life = Life(the_rules(impact=ImpactRules())).joined("T-1", "T-2").reads().later(HOUR).reads()
    assert life.changes is None
    assert life.deadline is None
    assert life.now > life.shown.updated_at - MINUTE
