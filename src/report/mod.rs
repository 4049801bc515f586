//! Figures in, words and files out.
