"""What pages stand in: sidebar, headings, pickers and the parts that several pages show."""
