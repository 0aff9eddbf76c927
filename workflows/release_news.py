"""The news of a release, as a webhook brings it: every issue whose fix waits for one there is to be read anew.

A workflow of its own, since any number of issues may wait, and a webhook's sender does not. Its id is the delivery's, so that a delivery
that comes again does nothing.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.reconcile import projects_of_news
    from domain.reconcile import ReleaseNews
    from workflows import catching_up

SHOWN = timedelta(seconds=3)
"""An issue that was fixed a moment before the release shows in lists after a moment."""


@workflow.defn(name="ReleaseNews")
class ReleaseNewsWorkflow:
    """One release."""

    @workflow.run
    async def run(self, news: ReleaseNews) -> int:
        """Tell the issues that wait; how many heard."""
        await workflow.sleep(SHOWN, summary="what has just been fixed shows in lists")
        told = await catching_up.tell_of_release(news.tracker, projects_of_news(news), workflow.info().workflow_id)
        if told is None:
            raise ApplicationError(
                "the issues that wait could not be told: the next round of reconcile finds the release"
            )
        return told
