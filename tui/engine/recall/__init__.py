"""What the journal answers: what happened while nobody looked, how long things usually take, who did what.

Pure functions over recorded events and verbs. Nothing here reads a file, asks a platform or draws.
"""
