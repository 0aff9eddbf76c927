"""The product's worker without the vendors' limits of calls a second: what is measured is Tierline's lag, not theirs."""

import worker

_ENOUGH = 10_000.0

if __name__ == "__main__":
    for queue in worker.CALLS_PER_SECOND:
        worker.CALLS_PER_SECOND[queue] = _ENOUGH
    worker.main()
