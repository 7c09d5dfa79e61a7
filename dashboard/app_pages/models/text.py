"""Words of the Models page that its views share with its tests."""

from __future__ import annotations

# Views.
ALL_NETWORKS = "All networks"
ONE_NETWORK = "One network"
LESSONS = "What the classics teach"

# Tables.
NOT_TRAINED_YET = "not trained yet"
ONLY_TO_LOOK_AT = "Not trained here, to look at"
ALL_LAYERS = "All layers"

# One network.
CLASSIC = (
    "{title} is not trained here: its layers are exactly those of its source, to look at, without "
    "accuracy and training curves."
)
TRAIN_IT = "{title} is not trained yet: `python -m cnn_core.training {name}` trains it."
DIAGRAM = "The layers of {title}"

# What the classics teach.
FEWER = "With bottlenecks {factor:.1f} times fewer multiply-adds"
MILLISECONDS = "; on this machine an image takes {ours:.2f} ms instead of {direct:.2f}."
NOT_MEASURED = ". Time is another matter: measure the milliseconds below."
LEAD = "{better} has {points:.2f} points more than {worse}. "
APART = "The intervals lie apart: more than the choice of test pictures explains."
OVERLAP = "The intervals overlap: this test set cannot tell the two apart."
