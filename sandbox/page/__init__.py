"""The web page of the sandbox: what a person sees and does in the imitated systems."""

from sandbox.page.routes import build_router

__all__ = ["build_router"]
