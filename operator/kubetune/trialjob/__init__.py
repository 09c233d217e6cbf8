"""From a trial to the Job that runs it: the user's template, filled in and completed. Pure."""
