"""Which methods are fitted under which seeds and strengths, and what of it is kept on disk."""
