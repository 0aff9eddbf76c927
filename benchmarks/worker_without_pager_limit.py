"""The product's worker, but for PagerDuty's limit of 960 calls a minute, which 1,000 pages in one minute exceed by themselves.

What is measured is Tierline's lag. The other systems' limits stay: they are what spreads what is not urgent.
"""

import worker
from workflows import task_queues

if __name__ == "__main__":
    worker.CALLS_PER_SECOND[task_queues.PAGERDUTY] = 1_000
    worker.main()
