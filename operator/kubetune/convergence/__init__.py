"""Whether the search has converged: by a model of the results, whatever the strategy."""
