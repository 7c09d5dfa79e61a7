"""Words of the Evaluation page that its views share with its tests."""

from __future__ import annotations

# Views.
CONFUSION = "Confusion"
CLASS_BY_CLASS = "Class by class"
CURVES = "ROC and precision-recall"
CALIBRATION = "Calibration"
ALL_MODELS = "All models"

CORNER, WHOLE = "Corner", "Whole"

RIGHT_OF_ALL = "of {count:,} test {noun}s right"

# A cell of the confusion matrix.
CELL = "{true} read as {answer}"
CLICK_A_CELL = (
    "Click a cell of the matrix to see its {noun}s. The commonest mistake is {cell}: "
    "{count} of {of_class:,}."
)
NO_SUCH_ANSWER = "The network gives no such answer."
SUREST, LEAST_SURE = "surest", "least sure"
SOME_ANSWERS = "The {count} {order} answers"

ROC_CURVE = "ROC curve"
CURVE_OF = "**{curve}** of {class_name}"

TOO_SURE, TOO_UNSURE = "too sure of itself", "not sure enough of itself"
