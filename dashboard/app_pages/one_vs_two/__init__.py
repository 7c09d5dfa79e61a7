"""The One versus two page: the study."""
