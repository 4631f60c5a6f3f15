"""The central registry: HTTP, store and pages."""
