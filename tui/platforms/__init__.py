"""The adapters: one folder a platform. The only floor that imports httpx and msgspec."""
