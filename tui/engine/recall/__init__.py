"""What the journal answers: what happened while nobody looked, how long things usually take, who did what.

Pure functions over recorded events and verbs, but for ``past``, which asks the journal, and ``then``, a session of what it answered.
Nothing here asks a platform or draws.
"""
