"""The console: the only floor that knows Textual. It draws what the session knows and turns keys into requests to it."""
