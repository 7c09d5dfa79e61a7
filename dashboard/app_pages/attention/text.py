"""Views, notices and captions of the Attention page."""

# --- Views ---

ONE, METHODS_VIEW, CLASSES_VIEW, PAIR = "One map", "All methods", "All classes", "Two classes"

# --- Classes ---

THE_ANSWER = "{name}, the answer"
NEXT_LIKELIEST = "{name}, next likeliest"
SAME_CLASS = "The same class: not weighed"
RATHER_THAN = "{name} rather than {rival}"

# --- A map in words ---

BRIGHTER = "The brighter, the more the pixel matters for {name}; it has no sign."
NO_EVIDENCE = "no evidence"
EXPLAINED = "Explained {score}: {value}."
LAYER = "Layer: {layer}."
CONSERVED = "{share:.0%} of the {score} is conserved in the sum of all values."
MISSED = (
    "The {score} of the baseline is {baseline}, so all values should add up to the rise of {rise}; "
    "they miss it by {missed}. The smaller this difference, the more the map can be trusted as a "
    "sum."
)
RANDOM = (
    "Drawn at random: {part}. What changes in the map with another seed is chance, what stays is "
    "evidence; more samples leave less to chance."
)
FALL_OF_PROBABILITY = "The map shows how far the probability falls."
FALL_OF_DIFFERENCE = "The map shows how far the two probabilities' difference falls."
TOO_SURE = "No pixel moves it by {least}: the network is too sure, so look at the {score}."

# --- Why a map is empty ---

BLANK = "The {noun} is blank, so nothing in it speaks for a class: draw something."
NOTHING_POSITIVE = "No positive evidence at this layer: choose another layer, class or method."
LIKE_THE_BASELINE = (
    "The {noun} equals the baseline that it is compared with, so there is no change to share out: "
    "choose another baseline, or edit the {noun} first."
)
ALL_ZERO = "Every value is 0: choose another class or method."
