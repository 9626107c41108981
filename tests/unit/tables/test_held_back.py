"""Rule 14: orders of a grant without convention that are held back above 23,000 €."""

from tests.builders import Story, a_new_account, a_report, a_vote, an_award, an_instalment


def test_rule_14_one_flag_a_convention_however_many_orders_are_held_back() -> None:
    halves = [an_instalment(1_000_000, "1"), an_instalment(1_000_000, "2")]
    alone = an_award(2_000_000, requires_convention=False, instalments=halves)
    story = Story(a_vote(9_000_000), alone, an_award(1_000_000, grant="H"), a_new_account())
    assert ["convention_required"] == story.flags()
    assert {} == story.orders()


def test_rule_14_a_ceiling_that_pays_nothing_is_settled_though_orders_are_held_back() -> None:
    """Nothing would be issued, so there is nothing to hold back: rule 22 releases it."""
    report = an_instalment(1_000_000, "1", documents=[("activity_report", 2022)], ceiling=True)
    alone = an_award(1_000_000, requires_convention=False, instalments=[report])
    above = an_award(2_000_000, grant="H")
    story = Story(a_vote(9_000_000), a_new_account(), alone, above)
    story.tell(a_report(convention="G", eligible_cost_cents=1))
    assert ["convention_required"] == story.flags()
    again = an_instalment(1_000_000, "2", documents=[("activity_report", 2022)], ceiling=True)
    first = an_instalment(1_000_000, "1")
    both = an_award(2_000_000, requires_convention=False, instalments=[first, again])
    paid = Story(a_vote(9_000_000), a_new_account(), both, an_award(1_000_000, grant="H"))
    paid.tell(a_report(convention="G", eligible_cost_cents=1_000_000))
    assert [] == paid.flags()
    assert {"granted": 2_000_000, "ordered": 1_000_000, "released": 1_000_000} == paid.convention(
        "G"
    )
