"""A local Slack: its Web API, its signed requests to an app, and what people do in its client."""
