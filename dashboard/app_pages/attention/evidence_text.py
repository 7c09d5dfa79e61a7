"""What the tests of a map say, in words and figures; no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

from cnn_core.faithfulness import DeletionInsertionTest, Verdict, mean_correlation, verdict
from cnn_core.faithfulness.deletion_insertion import NUM_ORDERS
from cnn_core.faithfulness.stability import NUM_COPIES
from dashboard.figures import numbers

VERDICTS: dict[Verdict, str] = {
    "passes": "passes: the map changes when what the network learnt is taken away",
    "doubtful": "doubtful: much of the map stays when what the network learnt is taken away",
    "fails": "fails: the map hardly changes when what the network learnt, or its last layer alone, "
    "is taken away, so it shows the picture more than the network",
    "nothing to compare": "no map to compare: one of the two is the same everywhere",
}
BADGES: dict[Verdict, tuple[str, str]] = {
    "passes": ("green", "check_circle"),
    "doubtful": ("orange", "help"),
    "fails": ("red", "cancel"),
    "nothing to compare": ("gray", "do_not_disturb_on"),
}
STABILITY = (
    "Stability: how far the order of the pixels stays the same under noise that the eye hardly "
    "sees; 1 is unchanged."
)
DELETION_AREA = (
    "Deletion area: the mean {what} while the pixels that the map ranks first go first; the lower, "
    "the better."
)
INSERTION_AREA = (
    "Insertion area: the mean probability while these pixels come first onto the empty picture; "
    "the higher, the better."
)
PROBABILITY = "probability of {target}"
PROBABILITY_AGAINST = "probability of {target} against {against}"
BEST_OTHER = ", best other on average"

# How a map does.
BEATS_ALL = "{title} beats all {count} random orders in both tests"
BEATS_NONE = "{title} is no better than chance here"
BEATS_SOME = (
    "{title} beats {by_deletion} of {count} random orders by deletion and {by_insertion} by "
    "insertion"
)
BETTER, WORSE, AS_GOOD = "better than", "not as good as", "as good as"
MAP_TEST = (
    "**{chance}**, and is {than} {rival} (insertion minus deletion: {difference} and "
    "{rival_difference})."
)

# What is not there to be shown.
NOT_RANKED = "The methods have not been ranked on this network yet; test this {noun}'s map here."
CONSTANT_MAP = (
    "The map is the same everywhere: it ranks no pixel before another, so there is nothing to "
    "test. Choose another layer, class or method."
)
LEFT_OUT = (
    "Left out unless you ask, since it takes long: the other tests need {count} more maps, up to "
    "{seconds} s."
)
ALL_METHODS = "All methods compared"


def badge(found: Verdict) -> str:
    """Return a verdict of the sanity check as a coloured mark, in Markdown."""
    colour, icon = BADGES[found]
    return f":{colour}-badge[:material/{icon}: {found}]"


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    kind = {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{'th' if 10 <= place % 100 <= 20 else kind}"


def in_words(test: DeletionInsertionTest, title: str, rival: str) -> str:
    """Say whether a map beats chance, and whether the map beats the best other method.

    Args:
        test: Test of the map and of the other one.
        title: Title of the map's method.
        rival: The other method's title.
    """
    beaten = int((test.deletion.areas[0] < test.random_deletion.areas).sum())
    beaten_too = int((test.insertion.areas[0] > test.random_insertion.areas).sum())
    differences = test.insertion.areas - test.deletion.areas
    if min(beaten, beaten_too) == NUM_ORDERS:
        chance = BEATS_ALL.format(title=title, count=NUM_ORDERS)
    elif max(beaten, beaten_too) <= NUM_ORDERS // 2:
        chance = BEATS_NONE.format(title=title)
    else:
        chance = BEATS_SOME.format(
            title=title, by_deletion=beaten, by_insertion=beaten_too, count=NUM_ORDERS
        )
    than = BETTER if differences[0] > differences[1] else WORSE
    if abs(differences[0] - differences[1]) < 0.01:
        than = AS_GOOD
    return MAP_TEST.format(
        chance=chance,
        than=than,
        rival=rival,
        difference=numbers.signed(differences[0]),
        rival_difference=numbers.signed(differences[1]),
    )


@dataclass(frozen=True)
class MapTests:
    """Similarities of a map to other maps, as far as they are computed; None for a constant map.

    Attributes:
        untrained: Similarities to the maps of networks with fresh weights, at most NUM_FRESH.
        last_layer: Similarity to the map of a network whose last layer alone is fresh, at most one.
        noisy: Similarities to the maps of noisy copies of the picture, at most NUM_COPIES.
    """

    untrained: tuple[float | None, ...] = ()
    last_layer: tuple[float | None, ...] = ()
    noisy: tuple[float | None, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of the sanity check, or None while it is not complete."""
        if not self.last_layer:
            return None
        return verdict(mean_correlation(self.untrained), self.last_layer[0])


def figures_of(
    test: DeletionInsertionTest, what: str, others: MapTests
) -> tuple[tuple[str, str], ...]:
    """Return the four figures of a map, each with its meaning.

    Args:
        test: Test of the map and of another one.
        what: Falls and rises in it, such as "probability of 2".
        others: Similarities to other maps.
    """
    return (*_of_erasure(test, what), *_of_other_maps(others))


def _of_erasure(test: DeletionInsertionTest, what: str) -> tuple[tuple[str, str], ...]:
    random = test.random_deletion.areas
    usual = (
        f"Random orders: {numbers.percent(random.mean())} "
        f"({numbers.percent(random.min())} to {numbers.percent(random.max())})."
    )
    return (
        (
            numbers.percent(test.deletion.areas[0]),
            f"{DELETION_AREA.format(what=what)} {usual}",
        ),
        (
            numbers.percent(test.insertion.areas[0]),
            f"{INSERTION_AREA} {usual}",
        ),
    )


def _of_other_maps(others: MapTests) -> tuple[tuple[str, str], ...]:
    sanity, last = "Sanity check", ""
    correlation, stability = "…", "…"
    if others.verdict is not None:
        (without_last,) = others.last_layer
        sanity += f" {VERDICTS[others.verdict]}"
        correlation = _figure(mean_correlation(others.untrained))
        if without_last is not None:
            last = f" ({numbers.signed(without_last)} if only the last layer is untrained)"
    if len(others.noisy) == NUM_COPIES:
        stability = _figure(mean_correlation(others.noisy))
    return (
        (
            correlation,
            f"{sanity}. It is the rank correlation with the map of untrained networks: 0 is no "
            f"likeness, 1 the same{last}.",
        ),
        (stability, STABILITY),
    )


def _figure(value: float | None) -> str:
    return "none" if value is None else numbers.signed(value)
