"""The commands of ``python -m course_utils`` and ``make``, a module each."""
