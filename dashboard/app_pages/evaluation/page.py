"""Evaluation: how right the network is on the test set, class by class, and beside the others."""

from dashboard import session
from dashboard.app_pages.evaluation import text, views
from dashboard.frame import page_parts, pickers

VIEWS = {
    text.CONFUSION: views.show_confusion,
    text.CLASS_BY_CLASS: views.show_report,
    text.CURVES: views.show_curves,
    text.CALIBRATION: views.show_calibration,
    text.ALL_MODELS: views.show_models,
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
