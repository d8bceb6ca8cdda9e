"""What is open, under which settings and against which libraries; and immutable snapshots of that."""
