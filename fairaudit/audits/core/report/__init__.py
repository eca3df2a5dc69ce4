"""From findings to files: the one assembler of reports, the gate's checks, comparison, and the report folder."""
