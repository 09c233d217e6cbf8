"""The operator: it looks at the cluster, decides with the planner, and applies what was decided."""
