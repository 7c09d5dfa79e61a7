"""Evaluation: how right the network is on the test set, class by class, and beside the others."""

from dashboard import components, evaluation_view, state

VIEWS = {
    "Confusion": evaluation_view.show_confusion,
    "Class by class": evaluation_view.show_report,
    "ROC and precision-recall": evaluation_view.show_curves,
    "Calibration": evaluation_view.show_calibration,
    "All models": evaluation_view.show_models,
}

components.intro(
    "Evaluation",
    "How far the network's answers can be trusted, measured on test pictures that it never learnt "
    "from. Every view asks another question of the same answers.",
)
network = evaluation_view.tested_network(state.model_name())
evaluation_view.show_figures(network)
VIEWS[components.view_picker("View", tuple(VIEWS), key="evaluation_view")](network)
components.next_page("app_pages/models.py", "Next: every network, layer by layer")
