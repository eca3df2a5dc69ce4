"""A manifest undersampled to balanced cells or to a chosen association."""
