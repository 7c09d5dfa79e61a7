"""Occlusion: cover the picture with a patch, place after place, and see what the answer loses."""

from cnn_core import models
from dashboard import cache, session
from dashboard.app_pages.occlusion.views import Question, laboratory
from dashboard.frame import loading, page_parts

noun = session.dataset().noun
page_parts.intro(
    "Occlusion",
    f"A patch covers the {noun} at every position in turn: the map shows how far the answer falls. "
    f"Move over the map to see the covered {noun} and what the network says to it.",
)
loading.require_compiled()
model_name, image = session.model_name(), session.current_image()
names = models.get(model_name).class_names
prediction, runner_up = cache.prediction(model_name, image.pixels).top2
laboratory(Question(model_name, image, names, prediction, runner_up))
page_parts.next_page("occlusion")
