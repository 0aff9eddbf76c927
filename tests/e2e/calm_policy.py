"""The demo's policy for people who take their time: hours where the demo has seconds, so that no clock acts in the middle of a test."""

from datetime import timedelta
from pathlib import Path

import yaml

from cli.demo import DEMO_POLICY
from domain.durations import format_duration

_TARGETS = {"P1": "1h", "P2": "4h", "P3": "8h", "P4": "3d"}
_LONG = "1h"


def calm_policy(folder: Path, *, quiet_time: timedelta) -> Path:
    """Write it into the folder; a resolved ticket closes after ``quiet_time``."""
    policy = yaml.safe_load(DEMO_POLICY.read_text(encoding="utf-8"))
    for clock in policy["clocks"].values():
        clock["targets"] = _TARGETS
    for step in policy["tiers"]["L3"]["page"]["fallback"]:
        step["after"] = _LONG
    policy["tiers"]["L3"]["page"]["acknowledged_for"] = _LONG
    policy["digest"] |= {"every": _LONG, "period": _LONG}
    policy["audit"]["every"] = _LONG
    policy["quiet_time"] = format_duration(quiet_time)
    file = folder / "calm-policy.yaml"
    file.write_text(yaml.safe_dump(policy), encoding="utf-8")
    return file
