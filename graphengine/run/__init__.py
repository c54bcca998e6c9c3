"""Running a plan: a pure machine that decides, and hands that do."""
