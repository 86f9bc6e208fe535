"""The spine: open → exchange → deliver → watch → close. The only package that knows the order.

`opening` trades the identity for values, `exchange`, `execute` and `finish` are the three stories
that a pipeline can tell with them, `closing` ends everything and says so.
"""
