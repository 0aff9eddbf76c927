"""The version, for packages, the API's description and ``tierline version``; the one place where it stands."""

VERSION = "0.1.0"
