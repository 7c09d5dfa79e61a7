"""Words of the page Which map to believe that its views share with its tests."""

from __future__ import annotations

NOT_RANKED = (
    "The methods have not been ranked on this network yet. Measure them here on a few {noun}s, or "
    "on more with `python -m cnn_core.studies faithfulness {model_name}`."
)
MEANS = (
    "Means over {count} test {noun}s that the network reads rightly, the same for every method, "
    "with 95% intervals by resampling the {noun}s; sanity check and stability on the first "
    "{checked}. Grey dots fail the sanity check."
)

# The verdict.
NONE_PASSES = "No method passes the sanity check on this network: believe none of these maps."
BEST = "On this network **{title}** is the best of {count} methods"
BEYOND_CHANCE = ", by more than chance explains"
NOT_TOLD_APART = (
    "On this network **{title}** comes first of {count} methods, but it **cannot be told apart** "
    "from {rivals}"
)
LEAD = " (its insertion minus deletion less that of {rival}: {figures})"
FAILING = ". Not to be believed, since the sanity check fails: {titles}"

# The methods on the current picture.
NO_METHOD_CHOSEN = "Choose at least one method."
SINGLE_PIXEL = (
    "A single pixel is all there is of the {noun}, so every order is the same and no map can be "
    "told from another: draw more."
)
DELETED_BY = "**Deleted by {order}**"
BLURRED = " A pixel that is gone shows the blurred picture."
