"""Rollwatch: the on-call engineer's console for Encore, dployr and Phase. The map of the house is in this folder's README."""

__version__ = "0.1.0"
