//! How each tool runs a file.
