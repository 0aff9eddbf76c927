"""How the tickets of an issue are told: in batches, one at a time, in order, each ticket what concerns it."""

from hypothesis import given
from hypothesis import strategies as st

from domain import issue_fan_out
from domain.engineering_rules import FanOutRules, IssueRules
from domain.issue_intents import Stream, TellTicket, TellTickets
from domain.issue_messages import TicketsTold
from domain.issue_pages import AnswerNeed
from domain.issue_roll import Roll
from domain.issues import IssueCategory
from domain.messages import DeliveryBody, IssueSaid, PageRefused
from domain.watched_issue import WatchedIssue
from tests.domain.building import NOON, a_change, an_issue

REF = an_issue()
TRUTH = a_change(REF, IssueCategory.IN_PROGRESS, NOON)


def words(text: str) -> IssueSaid:
    """News that are told apart by their words."""
    return IssueSaid(ref=REF, text=text)


class Crowd:
    """An issue with many tickets, and what each of them was told."""

    def __init__(self, tickets: int, *, batch: int = 10, per_second: float = 100) -> None:
        rules = IssueRules(fan_out=FanOutRules(batch=batch, per_second=per_second))
        self.state = WatchedIssue(ref=REF, watched_since=NOON, rules=rules)
        self.told: dict[str, list[str]] = {}
        self.ids: list[str] = []
        self.join(*(f"T-{number}" for number in range(1, tickets + 1)))
        self.state = self.state.model_copy(update={"welcomed": tickets})

    def join(self, *tickets: str) -> None:
        roll: Roll = self.state.roll
        for ticket in tickets:
            roll = roll.joined(ticket, None, NOON)
        self.state = self.state.model_copy(update={"roll": roll})

    def news(self, body: DeliveryBody) -> None:
        self.state = issue_fan_out.tell_all(self.state, body)

    def batches(self) -> list[TellTickets]:
        """What is to be told next, one batch of each stream."""
        self.state, intents = issue_fan_out.batches(self.state)
        return [intent for intent in intents if isinstance(intent, TellTickets)]

    def tell(self, batch: TellTickets, *over: str) -> None:
        """A batch is carried out."""
        for ticket in batch.ticket_ids:
            self.told.setdefault(ticket, []).append(_words(batch.body))
            self.ids.append(f"{batch.delivery}/{ticket}")
        self.state = issue_fan_out.told(self.state, TicketsTold(key=batch.key, over=over))

    def settle(self) -> None:
        """Carry out everything."""
        while batches := self.batches():
            for batch in batches:
                self.tell(batch)

    def stored(self) -> None:
        """The run ends, and the next one takes over what it stored."""
        self.state = WatchedIssue.model_validate_json(self.state.model_dump_json())


def _words(body: DeliveryBody) -> str:
    return body.text if isinstance(body, IssueSaid) else body.kind


def test_all_are_told_in_batches_one_at_a_time() -> None:
    crowd = Crowd(25)
    crowd.news(words("one"))
    sizes = []
    while batches := crowd.batches():
        (batch,) = batches
        assert crowd.batches() == [], "one at a time"
        sizes.append((len(batch.ticket_ids), batch.told, batch.of))
        crowd.tell(batch)
    assert sizes == [(10, 0, 25), (10, 10, 25), (5, 20, 25)]
    assert crowd.told == {f"T-{number}": ["one"] for number in range(1, 26)}
    assert crowd.state.fan_outs == ()


def test_news_are_told_in_their_order() -> None:
    crowd = Crowd(12)
    crowd.news(words("one"))
    crowd.news(words("two"))
    crowd.settle()
    assert set(map(tuple, crowd.told.values())) == {("one", "two")}
    assert len(crowd.ids) == len(set(crowd.ids)) == 24


def test_a_ticket_that_joins_in_the_middle_is_told_what_is_true_and_only_later_news() -> None:
    crowd = Crowd(15)
    crowd.news(words("before"))
    (first,) = crowd.batches()
    crowd.join("T-99")
    crowd.state = issue_fan_out.welcome(crowd.state, TRUTH)
    crowd.news(words("after"))
    crowd.tell(first)
    crowd.settle()
    assert crowd.told["T-1"] == ["before", "after"]
    assert crowd.told["T-99"] == ["issue_changed", "after"]


def test_those_who_join_while_others_are_welcomed_are_welcomed_together() -> None:
    crowd = Crowd(0)
    batches = []
    for number in range(1, 6):
        crowd.join(f"T-{number}")
        crowd.state = issue_fan_out.welcome(crowd.state, TRUTH)
        batches += crowd.batches()
    assert [batch.ticket_ids for batch in batches] == [("T-1",)]
    crowd.tell(batches[0])
    crowd.state = issue_fan_out.welcome(crowd.state, TRUTH)
    (rest,) = crowd.batches()
    assert rest.ticket_ids == ("T-2", "T-3", "T-4", "T-5")
    assert rest.stream is Stream.WELCOME


def test_who_hears_the_whole_truth_with_the_others_needs_no_welcome() -> None:
    crowd = Crowd(2)
    crowd.join("T-3")
    crowd.news(TRUTH)
    crowd.state = issue_fan_out.welcome(crowd.state, TRUTH)
    crowd.settle()
    assert crowd.told["T-3"] == ["issue_changed"]


def test_a_closed_ticket_leaves_and_the_rest_is_told() -> None:
    crowd = Crowd(15)
    crowd.news(words("one"))
    (batch,) = crowd.batches()
    crowd.tell(batch, "T-4")
    crowd.settle()
    assert "T-4" not in crowd.state.roll
    assert len(crowd.told) == 15
    crowd.news(words("two"))
    crowd.settle()
    assert crowd.told["T-4"] == ["one"]
    assert crowd.told["T-15"] == ["one", "two"]


def test_an_answer_to_a_batch_that_is_told_already_changes_nothing() -> None:
    crowd = Crowd(15)
    crowd.news(words("one"))
    (batch,) = crowd.batches()
    crowd.tell(batch)
    after = crowd.state
    crowd.state = issue_fan_out.told(crowd.state, TicketsTold(key=batch.key))
    assert crowd.state == after


def test_a_batch_lasts_half_a_minute_at_the_most() -> None:
    slow = Crowd(500, batch=200, per_second=2)
    slow.news(words("one"))
    (batch,) = slow.batches()
    assert len(batch.ticket_ids) == 60
    very_slow = Crowd(5, per_second=0.01)
    very_slow.news(words("one"))
    assert len(very_slow.batches()[0].ticket_ids) == 1


def test_nobody_on_it_nobody_told() -> None:
    crowd = Crowd(0)
    crowd.news(words("one"))
    assert crowd.state.fan_outs == ()
    crowd = Crowd(1)
    crowd.news(words("one"))
    crowd.state = crowd.state.model_copy(update={"roll": crowd.state.roll.left("T-1")})
    assert crowd.batches() == []
    assert crowd.state.fan_outs == ()


def answers(count: int) -> list[AnswerNeed]:
    """A page that cannot be raised, as each ticket that it was to serve is told."""
    return [
        AnswerNeed(key="", ticket_id=f"T-{n}", body=PageRefused(page_key=f"tierline/T-{n}/1", error="no service"))
        for n in range(1, count + 1)
    ]


def test_a_page_of_many_tickets_is_told_in_batches_each_ticket_by_its_own_key() -> None:
    crowd = Crowd(25)
    few = issue_fan_out.FEW
    _, singly = issue_fan_out.tell_needs(crowd.state, answers(few))
    assert [type(intent) for intent in singly] == [TellTicket] * few
    crowd.state, none = issue_fan_out.tell_needs(crowd.state, answers(25))
    assert none == []
    keys: dict[str, str] = {}
    while batches := crowd.batches():
        for batch in batches:
            keys |= dict(zip(batch.ticket_ids, batch.page_keys, strict=True))
            crowd.tell(batch)
            crowd.stored()
    assert keys == {f"T-{n}": f"tierline/T-{n}/1" for n in range(1, 26)}


_DO = st.lists(st.sampled_from(["join", "news", "truth", "batch", "leave", "store"]), max_size=60)


@given(_DO)
def test_whatever_happens_each_ticket_hears_each_news_since_it_joined_once_and_in_order(steps: list[str]) -> None:
    crowd = Crowd(3, batch=2)
    due: dict[str, list[str]] = {f"T-{number}": [] for number in (1, 2, 3)}
    for number, step in enumerate(steps):
        if step == "join":
            crowd.join(f"J-{number}")
            due[f"J-{number}"] = []
        elif step == "news":
            crowd.news(words(f"news {number}"))
            for ticket in crowd.state.roll:
                due[ticket].append(f"news {number}")
        elif step == "truth":
            crowd.state = issue_fan_out.welcome(crowd.state, TRUTH)
        elif step == "leave" and crowd.state.roll:
            first = crowd.state.roll.first(1)[0]
            crowd.state = crowd.state.model_copy(update={"roll": crowd.state.roll.left(first)})
        elif step == "store":
            crowd.stored()
        else:
            for batch in crowd.batches():
                crowd.tell(batch)
    under_way = [each for each in crowd.state.fan_outs if each.sent is not None]
    assert under_way == []
    crowd.settle()
    for ticket in crowd.state.roll:
        heard = [text for text in crowd.told.get(ticket, []) if text != "issue_changed"]
        assert heard == due[ticket]
    assert len(crowd.ids) == len(set(crowd.ids))
