"""A planted bias: which audits find it, and how often do they err?"""
