"""Titles, notices and captions of the Compare page."""

COUNTED = (
    "McNemar's exact test on the {differ:,} of {total:,} test {noun}s that only one network gets "
    "right: p {sign} {p_value:.2g}."
)

FIRST_MINUS_SECOND = "First minus second"
NO_EVIDENCE = "Neither network finds any evidence in this {noun}: the maps are 0 everywhere."
LEFT_OUT = "Methods that need a convolution are left out."
NO_CONVOLUTION = "This network has no convolution, so there are no feature maps."
