"""CNN Lens as a library: networks, their answers, and what in the picture the answers rest on.

Read it in the order of its imports, each module using only those before it:

errors        the errors whose text is fit to show a user
kept          what is made of a network and freed with it
files         replacing(), write_text(): a file is there whole or not at all
datasets      Dataset rows in DATASETS; load(), from a folder, the cache or a download
shelf         arrays that took long to compute, kept in the user's cache folder
augmentation  augment(): random changes to training images
strokes       Stroke, draw(), erase(): the pen and the eraser of the drawing page
decoding      a stranger's bytes -> a checked array of pixels
segmentation  find_digit(): which pixels of a picture are the digit
images        read_digit(), read_picture(): any picture -> what a network takes, every step kept
models        ModelSpec rows in MODELS and UNTRAINED; build(), load_pretrained(), the cards
inference     logits(), predict(): the only forward pass
evaluation    accuracy, confusion matrix, report, ROC curves, calibration, two networks compared
activations   filters, weight statistics, feature maps, receptive fields
architecture  describe(), load(): every layer of a network, its cost and what it sees
keras_vis     visualization(): the door to tf-keras-vis
neurons       the dossier of one neuron: what excites it, what the network is without it
embedding     the last features laid out flat, and their nearest neighbours
attribution   explain(): Method rows in METHODS, heatmaps in stated units
faithfulness  can a map be believed? deletion and insertion, stability, the sanity check
counterfactual  smallest_edit(): the fewest strokes that turn the answer
robustness    perturb(): Perturbation rows in PERTURBATIONS; how far an answer holds
training      train(); `python -m cnn_core.training NAME`
studies       one versus two, baselines, k-fold, grid search, experiments, ranking, robustness,
              smallest edits

No module imports TensorFlow when it is imported, only when a function first needs it: the tables
above can be read, and a first page drawn, seconds before TensorFlow is there. (models.layers does,
since a layer is a class; only builders import it.)
"""
