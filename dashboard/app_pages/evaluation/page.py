"""Evaluation: how right the network is on the test set, class by class, and beside the others."""

from dashboard import session
from dashboard.app_pages.evaluation import views
from dashboard.frame import page_parts, pickers

VIEWS = {
    "Confusion": views.show_confusion,
    "Class by class": views.show_report,
    "ROC and precision-recall": views.show_curves,
    "Calibration": views.show_calibration,
    "All models": views.show_models,
}

page_parts.intro(
    "Evaluation",
    "How far the network's answers can be trusted, measured on test pictures that it never learnt "
    "from. Every view asks another question of the same answers.",
)
network = views.tested_network(session.model_name())
views.show_figures(network)
VIEWS[pickers.view_picker("View", tuple(VIEWS), key="evaluation_view")](network)
page_parts.next_page("evaluation")
