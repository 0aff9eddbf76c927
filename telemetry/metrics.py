"""Metrics: the Temporal runtime's own (workflow and activity latencies, pollers, caches) for Prometheus."""

from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig


def runtime_with_metrics(address: str) -> Runtime:
    """A Temporal runtime that serves its metrics at ``host:port``; durations are in seconds."""
    return Runtime(
        telemetry=TelemetryConfig(
            metrics=PrometheusConfig(bind_address=address, durations_as_seconds=True, unit_suffix=True)
        )
    )
