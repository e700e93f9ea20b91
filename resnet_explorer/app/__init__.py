"""The main window: docks, actions, dialogs; it knows the labs by their rows."""
