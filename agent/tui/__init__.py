"""The screen: reads snapshots, sends commands, may be restarted at any time."""
