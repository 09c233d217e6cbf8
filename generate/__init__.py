"""What is made from other files: the CRDs, the chart's copies, the handbook's reference."""
