"""The dashboard: draws what cnn_core computes; holds no mathematics."""
