"""Feature maps: what every layer makes of the picture."""

import streamlit as st

from dashboard import cache, session
from dashboard.app_pages.feature_maps import views
from dashboard.app_pages.feature_maps.views import CURRENT, DIFFERENCE, ORIGINAL
from dashboard.frame import loading, page_parts, pickers

page_parts.intro(
    "Feature maps",
    "Every channel of a layer answers with a map: strong where it finds what it looks for. "
    f"Early layers still show the {session.dataset().noun}; deeper ones only parts of it. Click "
    "one to enlarge it.",
)
loading.require_network()
model_name, image = session.model_name(), session.current_image()
page_parts.note_blank(image)
maps = cache.feature_maps(model_name, image.pixels)
originals = cache.feature_maps(model_name, image.original)
convolutions, spatial = cache.layer_names(model_name)
# Layers without weights, such as flatten, only repeat the numbers of the layer before.
weighted = {described.layer for described in cache.weight_statistics(model_name)}
dense = tuple(key for key in maps if maps[key].ndim == 1 and key in weighted)

one, two = st.columns(2)
with one:
    layer = pickers.layer_picker(
        (*spatial, *dense), default=(*convolutions, *dense)[0], key="map_layer"
    )
with two:
    view = pickers.view_picker(
        "Show", (CURRENT, ORIGINAL, DIFFERENCE) if image.is_edited else (CURRENT,), key="map_view"
    )

if not convolutions:
    st.caption(views.NO_CONVOLUTION)
output = views.LayerOutput(
    model_name, image, layer, now=maps[layer], before=originals[layer], view=view
)
if layer in dense:
    views.show_units(output)
else:
    views.show_maps(output)
page_parts.next_page("feature_maps")
