"""Whether maps may be believed: faithfulness, sanity, stability, usability."""
