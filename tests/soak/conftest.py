"""What the soak tests share with the end-to-end tests."""

from tests.e2e.conftest import mismatches as mismatches
from tests.e2e.conftest import open_doors as open_doors
from tests.e2e.conftest import story as story
from tests.e2e.conftest import tell as tell
