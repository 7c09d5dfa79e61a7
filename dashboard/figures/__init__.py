"""Arrays become pictures, charts, HTML and texts of numbers; no Streamlit."""
