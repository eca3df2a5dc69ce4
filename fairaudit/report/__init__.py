"""From report.json to the terminal, Markdown, HTML and JUnit, and the figures. No torch here."""
