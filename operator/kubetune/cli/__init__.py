"""The command `kubetune`, which kubectl also finds as `kubectl kubetune`."""
