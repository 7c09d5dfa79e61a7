"""Studies of the networks, each a composition of the library's parts.

one_vs_two   one_vs_two(): what makes a network say 1 rather than 2
jobs         Job, run(): many pieces of work, resumable, here or on a cluster
results      Origin, read(), write(): what a study found, and where the figures come from
baselines    run(), load(): four classical methods on the same pixels
k_fold       run(), load(): ten folds of the dense network
grid_search  run(), load(): the 48 points of the search that found the dense network
robustness   run(), load(): every trained network under every change of the picture
experiments  run(), load(): one thing changed at a time
faithfulness    map_tests: one map put to every test; ranking: the methods on every network
smallest_edits  run(), load(): how small the edits are that change a prediction

`python -m cnn_core.studies NAME` runs a study and ships its results in cnn_core/data/studies. There
NAME is baselines, k_fold, grid_search, robustness, experiments, faithfulness or smallest_edits.
What one_vs_two finds is computed where it is shown.
"""
