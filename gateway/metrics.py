"""What the gateway counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """One gateway's counters, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "tierline_gateway_requests",
            "Requests answered, by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "tierline_gateway_request_seconds",
            "Time to the answer, by route.",
            ["route"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10),
            registry=self.registry,
        )
        self.webhooks = Counter(
            "tierline_gateway_webhooks",
            "Deliveries of vendors, by what became of them.",
            ["vendor", "outcome"],
            registry=self.registry,
        )
        self.quarantined = Counter(
            "tierline_gateway_quarantined",
            "Signed deliveries that could not be read.",
            ["vendor"],
            registry=self.registry,
        )
        self.connected = Gauge(
            "tierline_gateway_connection_up",
            "Whether a connection that we keep to a vendor (Slack's Socket Mode) is up: 1 or 0.",
            ["vendor"],
            registry=self.registry,
        )
        self.connections = Counter(
            "tierline_gateway_connections",
            "Such connections that were made, renewals that the vendor asked for among them.",
            ["vendor"],
            registry=self.registry,
        )
