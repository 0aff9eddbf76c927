"""More lives in random bundles than a test has time for."""

import random

import pytest
from temporalio.client import Client

from tests.soak import size
from tests.workflows.bundles import Bundles
from tests.workflows.conftest import namespace as namespace
from tests.workflows.conftest import outside as outside
from tests.workflows.conftest import short_rounds as short_rounds
from tests.workflows.outside import Outside

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("cached", [1, 3])
@pytest.mark.parametrize("part", range(size(small=3, full=50)))
async def test_lives_in_any_bundles(namespace: Client, outside: Outside, cached: int, part: int) -> None:
    await Bundles(namespace, outside, random.Random(), cached=cached).play(lives=4, steps=20)
