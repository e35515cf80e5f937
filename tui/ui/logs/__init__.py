"""What the log pane is made of beside its widgets: what is followed, what is looked for, what is counted, what is written out."""
