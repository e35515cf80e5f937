"""Everything that runs, without a terminal: polling, the store, verbs, log streams. asyncio and the standard library only."""
