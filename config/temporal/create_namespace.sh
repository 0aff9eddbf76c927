#!/bin/sh
# Creates the namespace TEMPORAL_NAMESPACE on the server at TEMPORAL_ADDRESS unless it is there; closed workflows are kept RETENTION.
set -eu

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
    echo "The namespace $TEMPORAL_NAMESPACE is there."
else
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi
