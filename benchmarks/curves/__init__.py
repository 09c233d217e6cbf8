"""Hyperband and its peers on real learning curves: who reaches random search's best sooner."""
