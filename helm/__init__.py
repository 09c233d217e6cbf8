"""What of the chart and the manifests is made from other files."""
