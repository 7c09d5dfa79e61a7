"""The pages, in their order: what the router, the links, the tests and the README know of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PageRow:
    """One page of the app.

    Attributes:
        name: Name in the address, and of the page's folder in app_pages.
        title: Title in the navigation.
        icon: Material icon.
        group: Question that the page belongs to.
        line: Sentence on the overview; {noun} stands for the noun of the pictures.
        invitation: Label of the link that leads here from the page before.
    """

    name: str
    title: str
    icon: str
    group: str
    line: str
    invitation: str

    @property
    def path(self) -> str:
        """Path of the page's script, from the folder of Home.py."""
        return f"app_pages/{self.name}/page.py"


_START, _WHY = "Start", "Why this answer?"
_INSIDE, _FAILS, _NETWORKS = "Inside the network", "Where it fails", "Networks and studies"

PAGES = (
    PageRow(
        "overview",
        "Overview",
        ":material/home:",
        _START,
        "The current {noun} through the network, step by step.",
        "Back to the overview",
    ),
    PageRow(
        "draw_and_erase",
        "Draw and erase",
        ":material/draw:",
        _START,
        "Change the {noun} by hand; the answer follows the pen.",
        "Next: draw and erase",
    ),
    PageRow(
        "attention",
        "Attention",
        ":material/visibility:",
        _WHY,
        "21 ways to show which pixels the answer rests on.",
        "Next: which pixels the answer rests on",
    ),
    PageRow(
        "occlusion",
        "Occlusion",
        ":material/select_all:",
        _WHY,
        "Cover each place in turn and see what the network misses.",
        "Next: cover each place and watch the answer",
    ),
    PageRow(
        "faithfulness",
        "Which map to believe",
        ":material/verified:",
        _WHY,
        "Every method put to the test, with intervals.",
        "Next: which of the maps to believe",
    ),
    PageRow(
        "filters",
        "Filters",
        ":material/grid_on:",
        _INSIDE,
        "The weights that the network has learnt.",
        "Next: the weights behind it",
    ),
    PageRow(
        "feature_maps",
        "Feature maps",
        ":material/layers:",
        _INSIDE,
        "What every layer makes of the {noun}.",
        "Next: what every layer makes of the picture",
    ),
    PageRow(
        "neuron",
        "Neuron",
        ":material/clinical_notes:",
        _INSIDE,
        "One channel or unit: what excites it, what it is for.",
        "Next: all about one neuron",
    ),
    PageRow(
        "embedding",
        "Embedding",
        ":material/scatter_plot:",
        _INSIDE,
        "All test {noun}s as the network sees them, on one map.",
        "Next: where the network puts it among the others",
    ),
    PageRow(
        "misclassified",
        "Misclassified",
        ":material/rule:",
        _FAILS,
        "The test {noun}s that the network gets wrong.",
        "Next: where the network is wrong",
    ),
    PageRow(
        "one_vs_two",
        "One versus two",
        ":material/compare_arrows:",
        _NETWORKS,
        "The study: which part makes a 1 not a 2?",
        "Next: the study of one versus two",
    ),
    PageRow(
        "robustness",
        "Robustness",
        ":material/shield:",
        _FAILS,
        "Change the {noun} until the answer turns, by hand or attack.",
        "Next: how far an answer holds",
    ),
    PageRow(
        "compare",
        "Compare",
        ":material/balance:",
        _NETWORKS,
        "Two networks look at one {noun}: where do they disagree?",
        "Next: compare two networks",
    ),
    PageRow(
        "evaluation",
        "Evaluation",
        ":material/query_stats:",
        _FAILS,
        "How right the network is, class by class, and how sure.",
        "Next: how right a network is, in figures",
    ),
    PageRow(
        "models",
        "Models",
        ":material/account_tree:",
        _NETWORKS,
        "Every network, layer by layer, and how it was trained.",
        "Next: every network, layer by layer",
    ),
    PageRow(
        "experiments",
        "Experiments",
        ":material/science:",
        _NETWORKS,
        "One change at a time: what made the tuned network good.",
        "Next: the experiments behind the tuned CNN",
    ),
)
_PLACES = {page.name: place for place, page in enumerate(PAGES)}


def path_of(name: str) -> str:
    """Return the path of a page's script, as Streamlit's links take it."""
    return PAGES[_PLACES[name]].path


def following(name: str) -> PageRow:
    """Return the page after a page; the last page leads back to the first."""
    return PAGES[(_PLACES[name] + 1) % len(PAGES)]
