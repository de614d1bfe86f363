"""The projective test inside Inspect AI (extra ``[inspect]``): ``inspect eval valuelex/projective``, and its logs as tables.

Only `task` and `registry` need Inspect to be imported; nothing else of the package needs it.
"""
