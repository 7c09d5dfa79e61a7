"""CNN Lens as a library: networks, their answers, and what in the picture the answers rest on.

Read it in the order of its imports, each module using only those before it:

errors        the errors whose text is fit to show a user
datasets      Dataset rows in DATASETS; load()
strokes       Stroke, draw(), erase(): the pen and the eraser of the drawing page
decoding      a stranger's bytes -> a checked array of pixels
segmentation  find_digit(): which pixels of a picture are the digit
images        read_digit(): any picture of a digit -> what a network takes, every step kept
models        ModelSpec rows in MODELS; build(), load_pretrained(), the shipped cards
inference     logits(), predict(): the only forward pass
evaluation    accuracy, confusion matrix, misclassified
activations   filters, weight statistics, feature maps, receptive fields
attribution   explain(): Method rows in METHODS, heatmaps in stated units
training      train(); `python -m cnn_core.training NAME`
studies       one_vs_two(): what makes a network say 1 rather than 2

No module imports TensorFlow when it is imported, only when a function first needs it: the tables
above can be read, and a first page drawn, seconds before TensorFlow is there.
"""
