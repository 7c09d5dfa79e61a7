"""Notices and titles of the drawing page."""

BLANK_PAPER = "The paper is blank: draw a digit with mouse, finger, pen or keyboard."

# --- Smallest edit ---

ONLY_COVERED = (
    "Strokes are added to digits only: on a {noun}, parts are covered with the eraser's even grey."
)
ALREADY_THE_ANSWER = "It is read as {name} already: choose another class."
UNDO_HINT = "Undo on the canvas (or Ctrl+Z there) brings the picture back."
REDO_HINT = "The canvas shows the picture before this edit; Redo there draws it again."
TRY_OTHER_KIND = {"erase": "Try adding", "add": "Try erasing", "both": "Try a finer width"}
TRY_OTHER_WIDTH = "Try the other width"

# --- What must be there, what must stay empty ---

MUST_BE_THERE = "Must be there"
MUST_STAY_EMPTY = "Must stay empty"
SMALLEST_STROKE = "The smallest stroke"
