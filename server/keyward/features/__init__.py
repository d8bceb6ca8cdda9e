"""What an editor shows: pure functions of a snapshot and an offset, in spans, strings and edits."""
