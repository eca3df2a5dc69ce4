# %% [markdown]
# An audit in a notebook: run cell by cell, or as a script with `python example_configs/notebook.py`.

# %% Decisions of a model about 400 people, with more errors for older people
import numpy as np

import fairaudit

draw = np.random.default_rng(0)
age = draw.choice(["older", "younger"], 400)
truth = draw.integers(0, 2, 400)
wrong = draw.random(400) < np.where(age == "older", 0.30, 0.05)
decided = np.where(wrong, 1 - truth, truth)

# %% Who is worse off?
report = fairaudit.fairness(truth, decided, sensitive_features={"age": age})
report  # a notebook shows the first page here

# %% One number with its interval, and what it says
(gap,) = report.find("equalized_odds_difference", attribute="age")
print(f"{gap.metric}: {gap.value:.2f} [{gap.low:.2f}, {gap.high:.2f}]")
print(fairaudit.explain(gap.metric)[0].sentence)

# %% Every number as a data frame (needs pandas), and the report as files
# report.to_frame()
# report.write("fairaudit-report", ["md", "html"])
