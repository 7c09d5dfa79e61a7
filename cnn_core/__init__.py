"""CNN Lens as a library: networks, their answers, and what in the picture the answers rest on.

Read it in the order of its imports, each module using only those before it:

errors          errors whose text is fit to show a user
pixels          checked_pixels(): the range that every door takes
options         Option: a setting of a method, a number in a range or a choice
compatibility   what is taken of Keras's and tf-keras-vis's own insides
model_cache     results that are made of a network and freed with it
atomic_files    atomic_write(), write_text(): a file is there whole or not at all
folders         cache_folder(): downloads and arrays that took long
datasets        Dataset rows in DATASETS; load(), from a folder, the cache or a download
disk_cache      arrays that took long to compute, in the user's cache folder
augmentation    augment(): random changes to training images
images          read_digit(), read_picture(); strokes, decoding, segmentation
models          ModelSpec rows in MODELS and UNTRAINED; build(), load_pretrained(), the cards
layer_kinds     kind_of(), activation_name(): what a layer is
inference       logits(), predict(): the only forward pass
evaluation      accuracy, confusion matrix, report, ROC curves, calibration, McNemar's test
activations     filters, weight statistics, feature maps, receptive fields
architecture    describe(), load(): every layer of a network, its cost and what it sees
keras_vis       visualization(): the door to tf-keras-vis
neurons         one neuron: top images, weights, ablation, class responses
embedding       the last features laid out flat, and their nearest neighbours
attribution     explain(): Method rows in METHODS, heatmaps in stated units
faithfulness    deletion and insertion, stability, the sanity check of a map
counterfactual  smallest_edit(): the fewest strokes that change the prediction
robustness      perturb(): Perturbation rows in PERTURBATIONS; how far a prediction holds
training        train(); `python -m cnn_core.training NAME`
studies         one versus two, baselines, k-fold, grid search, experiments, ranking, robustness,
                smallest edits

No module imports TensorFlow when it is imported, only when a function first needs it: the tables
above can be read, and a first page drawn, seconds before TensorFlow is there. (models.layers does,
since a layer is a class; only builders import it.)
"""
