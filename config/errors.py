"""How wrong configuration is told."""

from collections.abc import Iterable


class ConfigurationError(Exception):
    """The settings or the policy cannot be used. ``problems`` holds one clear line each; none shows a secret."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class PolicyError(ConfigurationError):
    """The policy cannot be used: each line names the file, the line in it, the field and what is allowed."""
